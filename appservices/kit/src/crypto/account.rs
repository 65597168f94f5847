//! The device of a bot: made once, its keys uploaded and signed by the bot's own cross-signing keys, so that people see
//! no warning.
//!
//! The kit makes the device itself (MSC4190) and speaks as it (MSC4326).

use matrix_sdk_crypto::types::requests::OutgoingRequest;
use ruma::OwnedDeviceId;
use store::Batch;

use super::{
    boundary,
    fault::CryptoFault,
    keyring::Keyring,
    tables::{DEVICES, DeviceRow},
};
use crate::{Bot, Intent, Kit, KitError, limits::DEVICE_ID_CHARACTERS};

impl Kit {
    /// Sees to it that the bot has a device with keys that people's clients trust.
    ///
    /// # Errors
    /// What may pass.
    pub(crate) async fn ensure_device(&self, bot: &dyn Bot) -> Result<(), KitError> {
        let Some((keyring, intent)) = self.keyring(bot.localpart()).zip(self.intent(bot.localpart())) else {
            return Ok(());
        };
        let row = self.made_device(keyring, &intent, bot).await?;
        keyring.speaks_with(&row.device);
        let intent = intent.speaking_as(keyring.device());
        self.exchange(bot.localpart()).await?;
        if !row.is_signed {
            let outcome = self.sign_device(keyring, &intent).await;
            keyring.used(outcome).await?;
            self.put_device(keyring, &DeviceRow { is_signed: true, ..row }).await?;
        }
        self.reread_unread(bot.localpart()).await?;
        Ok(())
    }

    /// The device at the homeserver. One that somebody deleted there took its keys along: another one begins anew.
    async fn made_device(
        &self,
        keyring: &Keyring,
        intent: &Intent,
        bot: &dyn Bot,
    ) -> Result<DeviceRow, CryptoFault> {
        let known = self.0.store.get(&DEVICES, keyring.bot).await?;
        let row = match known {
            Some(row) if row.is_made && !intent.has_device(&row.device).await? => {
                tracing::warn!(bot = keyring.bot, "the bot's device was deleted; it gets another one");
                keyring.close().await;
                keyring.shelves().clear().await?;
                None
            }
            other => other,
        };
        let row = match row {
            Some(row) => row,
            None => {
                let device = OwnedDeviceId::from(self.0.rng.string(DEVICE_ID_CHARACTERS).to_uppercase());
                let row = DeviceRow { device, is_made: false, is_signed: false };
                self.put_device(keyring, &row).await?;
                row
            }
        };
        if row.is_made {
            return Ok(row);
        }
        intent.make_device(&row.device, bot.display_name(self.0.settings.language)).await?;
        let row = DeviceRow { is_made: true, ..row };
        self.put_device(keyring, &row).await?;
        Ok(row)
    }

    async fn put_device(&self, keyring: &Keyring, row: &DeviceRow) -> Result<(), CryptoFault> {
        let mut batch = Batch::new();
        batch.put(&DEVICES, keyring.bot, row);
        self.0.store.commit(batch).await?;
        Ok(())
    }

    /// Cross-signing keys, made at the first try and the same at each further one.
    async fn sign_device(&self, keyring: &Keyring, intent: &Intent) -> Result<(), CryptoFault> {
        let _turn = keyring.exchange.lock().await;
        let Some(machine) = keyring.open().await? else { return Ok(()) };
        let requests = Box::pin(machine.bootstrap_cross_signing(false)).await?;
        if let Some(upload) = &requests.upload_keys_req {
            self.send_request(&machine, intent, upload).await?;
        }
        intent.ask(boundary::signing_keys_call(&requests.upload_signing_keys_req)).await?;
        boundary::signing_keys_sent(&machine).await?;
        intent.ask(boundary::signatures_call(&requests.upload_signatures_req)?).await?;
        Ok(())
    }

    pub(super) async fn send_request(
        &self,
        machine: &matrix_sdk_crypto::OlmMachine,
        intent: &Intent,
        request: &OutgoingRequest,
    ) -> Result<(), CryptoFault> {
        let answer = intent.ask(boundary::call(request.request())?).await?;
        boundary::answered(machine, request.request_id(), request.request(), &answer).await
    }
}

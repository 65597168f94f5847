//! Encrypting what a bot says: the key of the room goes to every device of its audience before the message does.

use library_ruma::{
    events::{AnyMessageLikeEventContent, room::history_visibility::HistoryVisibility},
    serde::Raw,
};
use matrix_sdk_crypto::{CollectStrategy, EncryptionSettings, OlmMachine};
use ruma::RoomId;
use serde_json::{Value, value::to_raw_value};

use super::{boundary, fault::CryptoFault, keyring::Audience};
use crate::{Intent, Kit};

/// The one way to encrypt rooms that the specification knows.
pub(crate) const ALGORITHM: &str = "m.megolm.v1.aes-sha2";

impl Kit {
    /// The content of `m.room.encrypted` for this event.
    ///
    /// # Errors
    /// Rules that we do not know, and what may pass: nothing is ever sent in the clear instead.
    pub(crate) async fn sealed(
        &self,
        bot: &str,
        intent: &Intent,
        room: &RoomId,
        rules: &Value,
        (kind, content): (&str, &Value),
    ) -> Result<Value, CryptoFault> {
        if rules["algorithm"] != ALGORITHM {
            let reason =
                format!("the room wants to be encrypted by {}, which nobody here knows", rules["algorithm"]);
            return Err(CryptoFault::Library(reason));
        }
        let keyring = self.keyring(bot).ok_or_else(|| CryptoFault::library("there is no such bot"))?;
        let outcome = async {
            let _turn = keyring.exchange.lock().await;
            let Some(machine) = keyring.open().await? else {
                return Err(CryptoFault::Call(crate::CallError::Unreachable(
                    "the bot has no device yet".to_owned(),
                )));
            };
            let audience = self.audience(intent, room).await?;
            self.share_key(&machine, intent, room, rules, &audience).await?;
            let content = Raw::<AnyMessageLikeEventContent>::from_json(to_raw_value(content)?);
            let room = boundary::room(room)?;
            let sealed = Box::pin(machine.encrypt_room_event_raw(&room, kind, &content)).await?;
            Ok(serde_json::from_str(sealed.content.json().get())?)
        };
        keyring.used(Box::pin(outcome).await).await
    }

    /// Sees to it that every device of the audience has the key with which the next message is encrypted.
    async fn share_key(
        &self,
        machine: &OlmMachine,
        intent: &Intent,
        room: &RoomId,
        rules: &Value,
        audience: &Audience,
    ) -> Result<(), CryptoFault> {
        let users = audience.users.iter().map(|user| boundary::user(user)).collect::<Result<Vec<_>, _>>()?;
        let users = || users.iter().map(AsRef::as_ref);
        Box::pin(machine.update_tracked_users(users())).await?;
        self.exchange_all(machine, intent).await?;
        if let Some((id, claim)) = Box::pin(machine.get_missing_sessions(users())).await? {
            let answer = intent.ask(boundary::claim_call(&claim)).await?;
            boundary::claimed(machine, &id, &answer).await?;
        }
        let settings = EncryptionSettings::new(
            serde_json::from_value(rules.clone())?,
            HistoryVisibility::from(audience.visibility.as_str()),
            CollectStrategy::AllDevices,
        );
        let room = boundary::room(room)?;
        for request in Box::pin(machine.share_room_key(&room, users(), settings)).await? {
            intent.ask(boundary::to_device_call(&request)).await?;
            boundary::told(machine, &request.txn_id).await?;
        }
        Ok(())
    }
}

//! When the key of a bot is replaced: its partners hear of it in the rooms that they share, signed by the old key and the new one,
//! before anything that the new one signed. So the keys that they know follow by themselves.

use cases::Handover;
use kit::{Heard, Letter, PREFIX, To};
use serde::{Deserialize, Serialize};
use store::Batch;

use super::{
    VERSION,
    keys::{Texts, parsed},
};
use crate::{
    OfficeError,
    limits::PARTNER_KEYS_MAX,
    wire::{Approvals, LOCALPART},
};

/// Which keys of a bot followed which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Handed {
    pub v: u64,
    /// The oldest first.
    pub handed: Vec<Handover>,
}

impl Approvals {
    /// Says in a room of partners which of our keys followed which, once for each that signs, and anew when more of them are there:
    /// nobody reads what was said before they came. `partners` is how many have come.
    pub(in crate::wire) async fn hand_keys(
        &self,
        batch: &mut Batch,
        to: To,
        partners: usize,
    ) -> Result<(), OfficeError> {
        let signer = self.house().await?.cases.signer();
        let newest = signer.handovers().len().saturating_sub(PARTNER_KEYS_MAX - 1);
        let handed = signer.handovers().get(newest..).unwrap_or_default();
        if handed.is_empty() {
            return Ok(());
        }
        let place = match &to {
            To::Room(room) => room.as_str(),
            To::Place(key) => key.as_str(),
            To::Direct(user) => user.as_str(),
        };
        let key = format!("ah/{}/{partners}/{place}", signer.id());
        let content =
            serde_json::to_value(Handed { v: VERSION, handed: handed.to_vec() }).unwrap_or_default();
        let mut letter = Letter::message(key, LOCALPART, to, content);
        letter.kind = format!("{PREFIX}keys");
        self.kit().outbox().put(batch, letter);
        Ok(())
    }

    /// The bot of a partner has replaced its key: the new one is known from now on, where a known one handed over to it, and the old
    /// one has its end. Of a partner that is not known yet the present key is the first that is seen.
    pub(super) async fn keys_handed(
        &self,
        heard: &Heard,
        said: &Handed,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let server = heard.sender.server_name();
        let known = self.known_keys(server).await?;
        let Some(last) = said.handed.last().filter(|_| said.handed.len() <= PARTNER_KEYS_MAX) else {
            return Ok(());
        };
        let first = Texts::from([(last.to.clone(), last.to_key.clone())]);
        let keys = match known.is_empty() {
            true => parsed(&first),
            false => self.public_keys_of(server).await?,
        };
        let led = keys.led_on(&said.handed);
        let texts = led.texts();
        if texts.len() > PARTNER_KEYS_MAX {
            return self.warn_of_key(heard, batch).await;
        }
        if !texts.contains_key(&last.to) {
            // Nobody known handed over to it.
            return self.warn_of_key(heard, batch).await;
        }
        self.remember_handed(batch, server, &led);
        Ok(())
    }
}

//! Which rooms are encrypted, how, and for whom.
//!
//! A room that was encrypted once is so for ever, whatever its state says later: whoever could talk a bot out of
//! encrypting could read what it says.

use std::sync::Arc;

use http::Method;
use ruma::{RoomId, UserId};
use serde_json::{Value, json};
use store::{Batch, StoreError};

use super::{
    fault::CryptoFault,
    keyring::Audience,
    tables::{ENCRYPTION, EncryptionRow},
};
use crate::{BotError, Call, CallError, Intent, Kit};

impl Kit {
    /// Whether what a bot says in a room is encrypted. Where the bot is not there any more, it is taken to be so.
    ///
    /// # Errors
    /// When the store cannot be read; [`BotError::Later`] while the homeserver cannot be asked.
    pub async fn is_encrypted(&self, bot: &str, room: &RoomId) -> Result<bool, BotError> {
        let Some(intent) = self.intent(bot) else { return Ok(true) };
        match self.encryption_of(&intent, room).await {
            Ok(rules) => Ok(rules.is_some()),
            Err(CryptoFault::Call(CallError::Refused { .. })) => Ok(true),
            Err(fault) => Err(fault.into()),
        }
    }

    /// The rules of a room's encryption; none for a room in the clear. What is not known is asked for and kept; what
    /// changes later comes by a transaction.
    pub(crate) async fn encryption_of(
        &self,
        intent: &Intent,
        room: &RoomId,
    ) -> Result<Option<Value>, CryptoFault> {
        loop {
            if let Some(row) = self.0.store.get(&ENCRYPTION, room).await? {
                return Ok(row.rules);
            }
            let rules = intent.state(room, "m.room.encryption", "").await?;
            let mut batch = Batch::new();
            batch.expect_absent(&ENCRYPTION, room).put(&ENCRYPTION, room, &EncryptionRow { rules });
            match self.0.store.commit(batch).await {
                // A transaction told of it in between, and knows better.
                Ok(_) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether somebody has a device with keys, so that what is encrypted for them can be read.
    pub(crate) async fn can_read_encrypted(&self, intent: &Intent, user: &UserId) -> Result<bool, CallError> {
        let question = json!({ "device_keys": { user.as_str(): [] } });
        let call = Call::new(Method::POST, &["client", "v3", "keys", "query"]).json(question);
        match intent.ask(call).await {
            Ok(answer) => {
                Ok(answer["device_keys"][user.as_str()].as_object().is_some_and(|keys| !keys.is_empty()))
            }
            // Whoever may not be asked about has no keys that could be used.
            Err(CallError::Refused { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Who is in the room and has to be able to read what is said there.
    pub(super) async fn audience(
        &self,
        intent: &Intent,
        room: &RoomId,
    ) -> Result<Arc<Audience>, CryptoFault> {
        let audiences = &self.0.audiences;
        if let Some(known) = audiences.get(room) {
            return Ok(known);
        }
        let changes = audiences.changes();
        let state = intent.state(room, "m.room.history_visibility", "").await?.unwrap_or_default();
        let visibility = state["history_visibility"].as_str().unwrap_or("shared").to_owned();
        let mut users = Vec::new();
        for (user, is_joined) in intent.members(room).await? {
            // Who is asked in may read from then on, unless the room says that only members may.
            if is_joined || visibility != "joined" {
                users.push(user);
            }
        }
        let audience = Arc::new(Audience { visibility, users });
        audiences.keep(room, &audience, changes);
        Ok(audience)
    }
}

/// Notes what a transaction says of a room's encryption. The content of a state that was emptied or names another way to
/// encrypt is kept as it is: nothing can be sent then, and nothing is sent in the clear.
pub(crate) fn note_encryption(batch: &mut Batch, room: &RoomId, content: &Value) {
    batch.put(&ENCRYPTION, room, &EncryptionRow { rules: Some(content.clone()) });
}

/// A bot has left: from now on nobody tells it of the room.
pub(crate) fn forget_encryption(batch: &mut Batch, room: &RoomId, row: Option<&EncryptionRow>) {
    if row.is_some_and(|row| row.rules.is_none()) {
        batch.delete(&ENCRYPTION, room);
    }
}

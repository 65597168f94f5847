//! Messages that may hold a secret, like a password: taken away where the bot may, and their senders are told either way.

use ruma::UserId;
use serde_json::json;
use store::{Batch, StoreError};

use crate::{
    CallError, Heard, Kit, Power,
    answers::message,
    letter::{Letter, Related, Relation, To},
};

/// Begins the key of the letter that takes a message away; behind it stand the event and whose it was.
const AWAY_KEY: &str = "kit:away:";

impl Kit {
    /// Has a bot take away what it heard, because that may hold a secret, where it may take away what others said. Gives the key
    /// of the text that says which; where the homeserver refuses it all the same, the sender is told by a letter of its own.
    ///
    /// # Errors
    /// See [`CallError`]; that the room's levels cannot be seen is none.
    pub async fn take_away(
        &self,
        bot: &str,
        heard: &Heard,
        batch: &mut Batch,
    ) -> Result<&'static str, CallError> {
        let may = match (self.intent(bot), self.user(bot)) {
            (Some(intent), Some(own)) => match Power::read(&intent, &heard.room).await {
                Ok(power) => power.may_take_away(own),
                Err(CallError::Refused { .. }) => false,
                Err(error) => return Err(error),
            },
            _ => false,
        };
        if !may {
            return Ok("secret.not_removed");
        }
        let key = format!("{AWAY_KEY}{} {}", heard.event_id, heard.sender);
        let letter = Letter::message(key, bot, To::Room(heard.room.clone()), json!({}));
        self.outbox().put(batch, letter.relating(Relation::Redacts(Related::Event(heard.event_id.clone()))));
        Ok("secret.removed")
    }

    /// What somebody is told whose message could not be taken away after all; nothing for any other letter.
    pub(crate) async fn not_taken_away(&self, refused: &Letter) -> Result<Option<Letter>, StoreError> {
        let Some((event, sender)) = refused.key.strip_prefix(AWAY_KEY).and_then(|of| of.split_once(' '))
        else {
            return Ok(None);
        };
        let Ok(sender) = UserId::parse(sender) else { return Ok(None) };
        let lang = self.language(None, Some(&sender)).await?;
        let content = message(&self.texts().fill(lang, "secret.not_removed", &[]), &[]);
        let key = format!("kit:not-away:{event}");
        Ok(Some(Letter::message(key, &refused.bot, To::Direct(sender), content)))
    }
}

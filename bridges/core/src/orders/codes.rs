//! Codes that bind the conversation in which somebody says them: a moderator of the room has them from the bot, and whoever
//! says one in the conversation agrees for it.

use bridge_api::{Content, Happened, Network, Sender};
use kit::CallError;
use ruma::{RoomId, UserId};
use store::{Batch, Scan, StoreError};

use crate::{
    BridgeError, Bridges,
    lanes::Lane,
    limits::{CODE_CHARACTERS, CODE_MS, CODES_MAX},
    tables::{CODES, CodeRow},
};

/// Words before a code.
const BINDING_WORDS: [&str; 2] = ["绑定", "bind"];

impl Bridges {
    /// A code that binds the conversation in which it is said to a room.
    pub(crate) async fn code(
        &self,
        network: Network,
        room: &RoomId,
        by: &UserId,
    ) -> Result<String, BridgeError> {
        self.check_room(room).await?;
        let waiting = self.0.store.count(&CODES, Scan::all().limit(CODES_MAX)).await?;
        if waiting >= CODES_MAX {
            return Err(BridgeError::Invalid(
                "too many codes wait to be said; try again in a quarter of an hour".to_owned(),
            ));
        }
        let code = self.0.rng.string(CODE_CHARACTERS);
        let row = CodeRow {
            network: network.key().to_owned(),
            room: room.to_owned(),
            by: by.to_owned(),
            until_ms: self.0.clock.now_ms() + CODE_MS,
        };
        let mut batch = Batch::new();
        batch.put(&CODES, &code, &row);
        self.0.store.commit(batch).await?;
        Ok(code)
    }

    /// Binds a conversation in which somebody says a code. The code is used up with the binding, or with the word in the
    /// room why nothing is bound.
    pub(crate) async fn bind_by_code(&self, lane: &Lane, what: &Happened) -> Result<(), StoreError> {
        let Some(code) = code_said(what) else { return Ok(()) };
        let Some(row) = self.0.store.get(&CODES, &*code).await? else { return Ok(()) };
        // One for another platform stays good for that one.
        if row.network != lane.0.key() || row.until_ms < self.0.clock.now_ms() {
            return Ok(());
        }
        let used_up = |batch: &mut Batch| {
            batch.expect_eq(&CODES, &*code, &row).delete(&CODES, &*code);
        };
        let bound = match self.check_room(&row.room).await {
            Ok(()) => self.attach(used_up, lane, &row.room, row.by.as_str(), None).await.map(drop),
            Err(error) => Err(error),
        };
        match bound {
            Ok(()) => Ok(()),
            Err(BridgeError::Store(StoreError::Conflict)) => Ok(()),
            Err(BridgeError::Store(error)) => Err(error),
            Err(BridgeError::Call(error @ (CallError::Unreachable(_) | CallError::Limited(_)))) => {
                tracing::warn!(%error, conversation = %lane.1, "a code cannot be looked at now; it stays good");
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%error, conversation = %lane.1, "a code does not bind");
                let mut batch = Batch::new();
                batch.expect_eq(&CODES, &*code, &row).delete(&CODES, &*code);
                let reason = error.to_string();
                self.notice(
                    &mut batch,
                    &row.room,
                    &format!("code/{code}"),
                    "bridge.failed",
                    &[("reason", &reason)],
                );
                match self.0.store.commit(batch).await {
                    Ok(_) | Err(StoreError::Conflict) => Ok(()),
                    Err(error) => Err(error),
                }
            }
        }
    }
}

/// The code that a person says behind a word that binds: the last two words of a text alone.
pub(crate) fn code_said(what: &Happened) -> Option<String> {
    let Happened::Message(message) = what else { return None };
    let (Sender::Person { .. }, [Content::Text(text)]) = (&message.from, message.parts.as_slice()) else {
        return None;
    };
    let said = text.tamed().to_plain();
    let mut words = said.split_whitespace().rev();
    let (code, word) = (words.next()?, words.next()?);
    let is_code = code.len() == CODE_CHARACTERS && BINDING_WORDS.contains(&word.to_lowercase().as_str());
    is_code.then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use bridge_api::{Message, MessageId, PersonId, RichText};

    use super::*;

    fn said(from: Sender, text: &str) -> Option<String> {
        let message = Message {
            id: MessageId::new("om_1").expect("valid"),
            from,
            parts: vec![Content::Text(RichText::plain(text))],
            reply_to: None,
            thread: None,
        };
        code_said(&Happened::Message(message))
    }

    #[test]
    fn a_code_is_heard_behind_a_word_that_binds_and_from_people_alone() {
        let person =
            || Sender::Person { id: PersonId::new("on_1").expect("valid"), name: None, external: None };
        for text in ["bind abcdefghij", "@Bridge 绑定 abcdefghij", "绑定\nabcde\u{200b}fghij"] {
            assert_eq!(said(person(), text).as_deref(), Some("abcdefghij"), "{text:?}");
        }
        for text in ["abcdefghij", "bind", "bind abc", "bind abcdefghij please", ""] {
            assert_eq!(said(person(), text), None, "{text:?}");
        }
        assert_eq!(said(Sender::Ourselves, "bind abcdefghij"), None);
    }
}

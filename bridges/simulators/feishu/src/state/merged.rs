//! Messages that somebody passes on together: one message in the chat, with the others inside, each under an id of its own there.

use serde_json::json;

use super::State;
use super::messages::{Actor, Draft, Message};
use crate::refusal::Refusal;

const KIND: &str = "merge_forward";

impl State {
    /// Passes messages on as one, once for a `uuid`.
    pub(crate) fn forward(
        &mut self,
        chat_id: String,
        by: Actor,
        messages: &[String],
        uuid: Option<String>,
    ) -> Result<String, Refusal> {
        let mut merged = Vec::new();
        for message in messages {
            let known = self.messages.get(message).filter(|message| message.recalled_ms.is_none());
            let known = known.cloned().ok_or(Refusal::code(99_992_354))?;
            let message_id = self.stage.chance.id("om_", 32);
            merged.push(Message { message_id, parent: None, root: None, thread: None, ..known });
        }
        let draft = Draft {
            chat_id,
            by,
            kind: KIND.to_owned(),
            content: json!({ "content": "Merged and Forwarded Message" }),
            card: None,
            mentions: Vec::new(),
            reply_to: None,
            in_thread: false,
            uuid,
        };
        let message_id = self.say(draft)?;
        if let Some(message) = self.messages.get_mut(&message_id) {
            message.merged = merged;
        }
        Ok(message_id)
    }

    /// Whether a message stands inside of another one alone.
    pub(crate) fn is_merged(&self, message_id: &str) -> bool {
        let mut merged = self.messages.values().flat_map(|message| &message.merged);
        merged.any(|message| message.message_id == message_id)
    }
}

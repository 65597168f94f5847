//! Takes back what we sent, which the platform knows of the app's messages to people alone.

use async_trait::async_trait;
use bridge_api::{ConversationId, Failure, MessageId, Recalls, Refusal, limits::SENT_KEPT_MS};
use serde_json::json;

use super::{CardRow, Sending};
use crate::{
    client::CallError,
    ids::{self, Known},
};

/// What the platform says of a message that is not its app's, and of one that is older than a day.
const NOT_ANY_MORE: &str = "40058";

#[async_trait]
impl Recalls for Sending {
    async fn recall(&self, _: &ConversationId, message: &MessageId) -> Result<(), Failure> {
        let id = match ids::known(message) {
            Known::Message(id) => id.to_owned(),
            Known::Card(task) => {
                let row = CardRow::read(self.shelf.as_ref(), task).await?;
                row.and_then(|row| row.message).ok_or_else(|| Failure::refused(Refusal::Impossible))?
            }
            Known::Nameless => return Err(Failure::refused(Refusal::Impossible)),
            Known::Theirs => return Err(Failure::refused(Refusal::NotPermitted)),
        };
        // The platform refuses what was taken back before with the word for too late, so that is written down.
        let mark = format!("recalled:{}", bridge_api::digest(id.as_bytes()));
        if self.shelf.get(&mark).await?.is_some() {
            return Ok(());
        }
        match self.client.post("message/recall", &json!({"msgid": id})).await {
            Ok(_) => Ok(self.shelf.put(&mark, b"1", SENT_KEPT_MS).await?),
            Err(CallError { code: Some(code), trace, .. }) if code == NOT_ANY_MORE => {
                let failure = Failure::refused(Refusal::TooLate).with_code(NOT_ANY_MORE);
                Err(trace.map_or(failure.clone(), |trace| failure.with_trace(trace)))
            }
            Err(error) => Err(error.into()),
        }
    }
}

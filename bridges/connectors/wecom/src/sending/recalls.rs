//! Takes back what we sent, which the platform knows of the app's messages to people, within a day, and of answers to customers, within
//! two minutes.

use async_trait::async_trait;
use bridge_api::{ConversationId, Failure, MessageId, Recalls, Refusal, digest, limits::SENT_KEPT_MS};
use serde_json::json;

use super::{CardRow, Sending};
use crate::{
    client::{CallError, Meaning},
    ids::{self, Known, Place},
    limits::TRIED_KEPT_MS,
};

/// What the platform says of a message that is not its app's, and of one that is too old.
const NOT_ANY_MORE: &str = "40058";

/// What is written down of what was taken back, and of what may have been.
const DONE: &[u8] = b"1";
const TRIED: &[u8] = b"?";

#[async_trait]
impl Recalls for Sending {
    async fn recall(&self, conversation: &ConversationId, message: &MessageId) -> Result<(), Failure> {
        let impossible = || Failure::refused(Refusal::Impossible);
        let of_app = |id: &str| ("message/recall", json!({"msgid": id}));
        let (path, body) = match (ids::known(message), ids::place(conversation)) {
            (Known::Message(id), _) => of_app(id),
            (Known::Card(task), _) => {
                let row = CardRow::read(self.shelf.as_ref(), task).await?;
                of_app(&row.and_then(|row| row.message).ok_or_else(impossible)?)
            }
            (Known::Answer(id), Some(Place::Service { account, .. })) => {
                ("kf/recall_msg", json!({"msgid": id, "open_kfid": account}))
            }
            (Known::Answer(_) | Known::Nameless, _) => return Err(impossible()),
            (Known::Theirs, _) => return Err(Failure::refused(Refusal::NotPermitted)),
        };
        // The platform refuses what was taken back before with the word for too late, so that is written down.
        let mark = format!("recalled:{}", digest(body["msgid"].as_str().unwrap_or_default().as_bytes()));
        let known = self.shelf.get(&mark).await?;
        if known.as_deref() == Some(DONE) {
            return Ok(());
        }
        // Written down before, so that it counts too when nobody lives to hear the answer.
        self.shelf.put(&mark, TRIED, TRIED_KEPT_MS).await?;
        match self.client.post(path, &body).await {
            Ok(_) => Ok(self.shelf.put(&mark, DONE, SENT_KEPT_MS).await?),
            // A moment ago nobody heard what became of it: it was taken back then.
            Err(error) if known.is_some() && error.code.as_deref() == Some(NOT_ANY_MORE) => {
                Ok(self.shelf.put(&mark, DONE, SENT_KEPT_MS).await?)
            }
            Err(error) => {
                // What was refused at once is no try; one before it, of which nothing was heard, still is.
                if known.is_none() && error.meaning != Meaning::Unknown {
                    self.untried(&mark).await;
                }
                Err(refused(error))
            }
        }
    }
}

impl Sending {
    /// Nothing was taken back. A mark that stays goes by itself after a moment.
    async fn untried(&self, mark: &str) {
        if let Err(error) = self.shelf.remove(mark).await {
            tracing::warn!(%error, "it stays written down that something may have been taken back");
        }
    }
}

/// The platform says of what is too old what it says of many other things.
fn refused(error: CallError) -> Failure {
    if error.code.as_deref() != Some(NOT_ANY_MORE) {
        return error.into();
    }
    let failure = Failure::refused(Refusal::TooLate).with_code(NOT_ANY_MORE);
    match error.trace {
        Some(trace) => failure.with_trace(trace),
        None => failure,
    }
}

//! What became of each request, durably: a repeat answers what the first one answered, and what nobody knows is not done twice.

use std::sync::Arc;

use bridge_api::{Failure, MessageId, Refusal, Shelf};
use serde::{Deserialize, Serialize};

use crate::{
    client::{CallError, Meaning},
    ids,
    limits::SENT_KEPT_MS,
};

/// What a repeat of a request would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Nothing: the platform knows it by a key of ours.
    Harmless,
    /// The same once more.
    Doubles,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Row {
    /// It was begun; what became of it was never written down.
    Begun,
    /// It was done and became this message.
    Done(String),
}

/// The ledger of one app.
pub struct Ledger {
    shelf: Arc<dyn Shelf>,
}

impl Ledger {
    /// A ledger on `shelf`.
    pub const fn new(shelf: Arc<dyn Shelf>) -> Self {
        Self { shelf }
    }

    /// Does `sending`, unless it was done under this key before. It answers the id of the message with its kind.
    ///
    /// # Errors
    /// What `sending` said; a refusal when nobody knows whether it was done.
    pub async fn once(
        &self,
        key: &str,
        repeat: Repeat,
        sending: impl Future<Output = Result<String, CallError>>,
    ) -> Result<MessageId, Failure> {
        let name = format!("sent:{key}");
        let before = self.shelf.get(&name).await.map_err(|error| Failure::later(error.to_string()))?;
        match before.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            Some(Row::Done(id)) => return message(&id),
            Some(Row::Begun) if repeat == Repeat::Doubles => return Err(unknown(None)),
            Some(Row::Begun) | None => {}
        }
        self.write(&name, &Row::Begun).await.map_err(|error| Failure::later(error.to_string()))?;
        match sending.await {
            Ok(id) => {
                if let Err(error) = self.write(&name, &Row::Done(id.clone())).await {
                    tracing::warn!(%error, "it is not written down that a message was sent");
                }
                message(&id)
            }
            Err(error) if error.meaning == Meaning::Unknown && repeat == Repeat::Doubles => {
                tracing::warn!(%error, "nobody knows whether a message was sent; it is not sent again");
                Err(unknown(Some(error)))
            }
            Err(error) => {
                if let Err(error) = self.shelf.remove(&name).await {
                    tracing::warn!(%error, "it is not written down that a message was not sent");
                }
                Err(error.into())
            }
        }
    }

    async fn write(&self, name: &str, row: &Row) -> Result<(), bridge_api::ShelfRefused> {
        let bytes = serde_json::to_vec(row).unwrap_or_default();
        self.shelf.put(name, &bytes, SENT_KEPT_MS).await
    }
}

fn message(id: &str) -> Result<MessageId, Failure> {
    let (kind, rest) = id.split_once(':').unwrap_or(("hook", id));
    ids::ours(kind, rest)
}

fn unknown(error: Option<CallError>) -> Failure {
    let words =
        "钉钉没有确认这条消息是否已发送，请勿重复发送前先核对 · DingTalk did not say whether this was sent";
    let mut failure = Failure::refused(Refusal::Other(words.to_owned()));
    if let Some(error) = error {
        (failure.code, failure.trace) = (error.code, error.trace);
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::Rows;

    async fn done(
        ledger: &Ledger,
        key: &str,
        repeat: Repeat,
        outcome: Result<&str, Meaning>,
    ) -> Result<String, Failure> {
        let sending = async { outcome.map(str::to_owned).map_err(|meaning| CallError::ours(meaning, "no")) };
        ledger.once(key, repeat, sending).await.map(String::from)
    }

    #[tokio::test]
    async fn a_repeat_after_a_restart_answers_the_same() {
        let rows = Arc::new(Rows::default());
        for answer in ["key:a", "key:b"] {
            let ledger = Ledger::new(rows.clone());
            assert_eq!(done(&ledger, "k", Repeat::Doubles, Ok(answer)).await.as_deref(), Ok("key:a"));
        }
    }

    #[tokio::test]
    async fn what_nobody_knows_is_not_done_twice_and_what_failed_may_be_tried_again() {
        let ledger = Ledger::new(Arc::new(Rows::default()));
        let failure = done(&ledger, "a", Repeat::Doubles, Err(Meaning::Unknown)).await.expect_err("unknown");
        assert!(!failure.passes());
        assert!(done(&ledger, "a", Repeat::Doubles, Ok("key:x")).await.is_err(), "not again");
        assert!(done(&ledger, "b", Repeat::Doubles, Err(Meaning::Busy)).await.expect_err("busy").passes());
        assert_eq!(done(&ledger, "b", Repeat::Doubles, Ok("key:y")).await.as_deref(), Ok("key:y"));
        assert!(
            done(&ledger, "c", Repeat::Harmless, Err(Meaning::Unknown)).await.expect_err("garbled").passes()
        );
        assert_eq!(done(&ledger, "c", Repeat::Harmless, Ok("card:z")).await.as_deref(), Ok("card:z"));
    }
}

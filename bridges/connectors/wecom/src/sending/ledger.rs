//! What became of each request, durably: a repeat answers what the first one answered, and what nobody knows is not done twice,
//! because the platform knows no repeat by itself.

use std::sync::Arc;

use bridge_api::{Failure, MessageId, Refusal, Shelf};
use serde::{Deserialize, Serialize};

use crate::{
    client::{CallError, Meaning},
    ids,
    limits::SENT_KEPT_MS,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Row {
    /// It was begun; what became of it was never written down.
    Begun,
    /// It was done and became this message.
    Done(String),
}

/// The ledger of one company.
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
        sending: impl Future<Output = Result<String, CallError>>,
    ) -> Result<MessageId, Failure> {
        let name = format!("sent:{key}");
        let later = |error: bridge_api::ShelfRefused| Failure::later(error.to_string());
        let before = self.shelf.get(&name).await.map_err(later)?;
        match before.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            Some(Row::Done(id)) => return ids::ours(&id),
            Some(Row::Begun) => return Err(unknown(None)),
            None => {}
        }
        self.write(&name, &Row::Begun).await.map_err(later)?;
        match sending.await {
            Ok(id) => {
                if let Err(error) = self.write(&name, &Row::Done(id.clone())).await {
                    tracing::warn!(%error, "it is not written down that a message was sent");
                }
                ids::ours(&id)
            }
            Err(error) if error.meaning == Meaning::Unknown => {
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

fn unknown(error: Option<CallError>) -> Failure {
    let words =
        "企业微信没有确认这条消息是否已发送，请先核对再重发 · WeCom did not say whether this was sent";
    let mut failure = Failure::refused(Refusal::Other(words.to_owned()));
    if let Some(error) = error {
        (failure.code, failure.trace) = (error.code.map(|code| code.to_string()), error.trace);
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::Rows;

    async fn done(ledger: &Ledger, key: &str, outcome: Result<&str, Meaning>) -> Result<String, Failure> {
        let sending = async { outcome.map(str::to_owned).map_err(|meaning| CallError::ours(meaning, "no")) };
        ledger.once(key, sending).await.map(String::from)
    }

    #[tokio::test]
    async fn a_repeat_after_a_restart_answers_the_same() {
        let rows = Arc::new(Rows::default());
        for answer in ["msg:a", "msg:b"] {
            assert_eq!(done(&Ledger::new(rows.clone()), "k", Ok(answer)).await.as_deref(), Ok("msg:a"));
        }
    }

    #[tokio::test]
    async fn what_nobody_knows_is_not_done_twice_and_what_failed_may_be_tried_again() {
        let ledger = Ledger::new(Arc::new(Rows::default()));
        assert!(!done(&ledger, "a", Err(Meaning::Unknown)).await.expect_err("unknown").passes());
        assert!(!done(&ledger, "a", Ok("msg:a")).await.expect_err("never again").passes());
        for meaning in [Meaning::Busy, Meaning::Unreachable, Meaning::TokenStale] {
            assert!(done(&ledger, "b", Err(meaning)).await.expect_err("not yet").passes());
        }
        assert_eq!(done(&ledger, "b", Ok("msg:b")).await.as_deref(), Ok("msg:b"));
        // Killed between the request and its answer.
        let hanging = ledger.once("c", std::future::pending());
        assert!(tokio::time::timeout(std::time::Duration::from_millis(5), hanging).await.is_err());
        assert!(done(&ledger, "c", Ok("msg:c")).await.is_err());
    }
}

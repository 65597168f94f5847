//! What became of each sending, durably: a repeat answers what the first one answered, and what nobody knows is not done twice,
//! because most platforms know no repeat by themselves.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    CallError, Failure, FailureKind, Meaning, MessageId, Network, Refusal, Shelf, limits::SENT_KEPT_MS,
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

/// The ledger of one connector.
pub struct Ledger {
    shelf: Arc<dyn Shelf>,
    network: Network,
}

impl Ledger {
    /// A ledger on the shelf of a network's connector.
    pub const fn new(shelf: Arc<dyn Shelf>, network: Network) -> Self {
        Self { shelf, network }
    }

    /// Does `sending`, unless it was done under this key before. It answers the id of the message.
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
        match self.shelf.read(&name).await? {
            Some(Row::Done(id)) => return message_of_ours(&id),
            Some(Row::Begun) if repeat == Repeat::Doubles => return Err(self.unknown(None)),
            Some(Row::Begun) | None => {}
        }
        self.shelf.write(&name, &Row::Begun, SENT_KEPT_MS).await?;
        match sending.await {
            Ok(id) => {
                if let Err(error) = self.shelf.write(&name, &Row::Done(id.clone()), SENT_KEPT_MS).await {
                    tracing::warn!(%error, "it is not written down that a message was sent");
                }
                message_of_ours(&id)
            }
            Err(error) if error.meaning == Meaning::Unknown && repeat == Repeat::Doubles => {
                tracing::warn!(%error, "nobody knows whether a message was sent; it is not sent again");
                Err(self.unknown(Some(error)))
            }
            Err(error) => {
                if let Err(error) = self.shelf.remove(&name).await {
                    tracing::warn!(%error, "it is not written down that a message was not sent");
                }
                Err(error.into())
            }
        }
    }

    fn unknown(&self, error: Option<CallError>) -> Failure {
        let name = self.network.name();
        let words = format!(
            "{}没有确认这条消息是否已发送，请先核对再重发 · {} did not say whether this was sent",
            name.zh, name.en
        );
        let mut failure = Failure::refused(Refusal::Other(words));
        if let Some(error) = error {
            (failure.code, failure.trace) = (error.code, error.trace);
        }
        failure
    }
}

/// The id of a message that we made.
///
/// # Errors
/// [`FailureKind::Garbled`] when the platform gave none that can be kept.
pub fn message_of_ours(id: &str) -> Result<MessageId, Failure> {
    let garbled = |error| FailureKind::Garbled(format!("the id of the sent message: {error}"));
    MessageId::new(id).map_err(|error| Failure::new(garbled(error)))
}

#[cfg(test)]
#[cfg(feature = "double")]
mod tests {
    use super::*;
    use crate::double::Rows;

    fn ledger(rows: &Arc<Rows>) -> Ledger {
        Ledger::new(rows.clone(), Network::WeCom)
    }

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
            let sent = done(&ledger(&rows), "k", Repeat::Doubles, Ok(answer)).await;
            assert_eq!(sent.as_deref(), Ok("key:a"));
        }
    }

    #[tokio::test]
    async fn what_nobody_knows_is_not_done_twice_and_what_failed_may_be_tried_again() {
        let ledger = ledger(&Arc::new(Rows::default()));
        let failure = done(&ledger, "a", Repeat::Doubles, Err(Meaning::Unknown)).await.expect_err("unknown");
        assert!(!failure.passes());
        assert!(failure.to_string().contains("WeCom did not say"), "{failure}");
        assert!(!done(&ledger, "a", Repeat::Doubles, Ok("key:x")).await.expect_err("not again").passes());
        for meaning in [Meaning::Busy, Meaning::Unreachable, Meaning::TokenStale] {
            assert!(done(&ledger, "b", Repeat::Doubles, Err(meaning)).await.expect_err("not yet").passes());
        }
        assert_eq!(done(&ledger, "b", Repeat::Doubles, Ok("key:y")).await.as_deref(), Ok("key:y"));
        let garbled = done(&ledger, "c", Repeat::Harmless, Err(Meaning::Unknown)).await;
        assert!(garbled.expect_err("garbled").passes());
        assert_eq!(done(&ledger, "c", Repeat::Harmless, Ok("card:z")).await.as_deref(), Ok("card:z"));
        // Killed between the request and its answer.
        let hanging = ledger.once("d", Repeat::Doubles, std::future::pending());
        assert!(tokio::time::timeout(std::time::Duration::from_millis(5), hanging).await.is_err());
        assert!(done(&ledger, "d", Repeat::Doubles, Ok("msg:d")).await.is_err());
    }
}

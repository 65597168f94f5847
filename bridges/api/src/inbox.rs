//! Where arrivals go.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;

use crate::{Arrival, Failure, Words, limits::ARRIVALS_AT_ONCE_MAX};

/// Why arrivals were not taken. The platform is told a failure and brings them again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InboxRefused {
    /// So much waits that this was not taken; it may be handed in again later.
    #[error("the inbox is full")]
    Full,
    /// The bridge stops.
    #[error("the bridge stops")]
    Closed,
    /// More than [`crate::limits::ARRIVALS_AT_ONCE_MAX`] at once. One arrival beyond its bounds is cut by the core, and refused by
    /// the inbox of the conformance tests, because connectors keep them.
    #[error("the arrivals are beyond their bounds: {0}")]
    OutOfBounds(String),
    /// The store refuses.
    #[error("the store refuses: {0}")]
    Store(String),
}

/// What a connector's connection is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Arrivals come from now on. The core looks for what was missed, so it is said at every new connection.
    Up,
    /// Nothing comes, and why.
    Down(Failure),
}

/// What is left of something that a platform counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// What is counted (`api_calls_month`).
    pub what: &'static str,
    /// What people call it.
    pub called: Words,
    /// The time for which it is counted, like `2025-11`: people are told once in each.
    pub period: String,
    /// How much is left.
    pub left: u64,
    /// How much there is in all.
    pub whole: u64,
}

/// Where a connector hands in what comes. The core implements it.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Takes arrivals in, all or none. When it returns, they are durable: only then does a connector acknowledge them. Repeats
    /// are taken and dropped by their keys. Order is kept within a conversation.
    ///
    /// # Errors
    /// [`InboxRefused`]: a connector answers the platform with a failure, so that it brings them again.
    async fn take(&self, arrivals: Vec<Arrival>) -> Result<(), InboxRefused>;

    /// Says what the connection is like. Never waits.
    fn line(&self, line: Line);

    /// Says what is left of a quota. Never waits.
    fn quota(&self, quota: Quota);
}

/// Hands arrivals over, as many at once as may be. Whether all are durable now; when not, the reason is in the log.
pub async fn handed_over(inbox: &dyn Inbox, mut arrivals: Vec<Arrival>, within: Duration) -> bool {
    let all = async {
        while !arrivals.is_empty() {
            let rest = arrivals.split_off(arrivals.len().min(ARRIVALS_AT_ONCE_MAX));
            inbox.take(std::mem::replace(&mut arrivals, rest)).await?;
        }
        Ok::<(), InboxRefused>(())
    };
    match timeout(within, all).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(%error, "arrivals are not taken, and have to come again");
            false
        }
        Err(_) => {
            tracing::warn!("arrivals are not taken in time, and have to come again");
            false
        }
    }
}

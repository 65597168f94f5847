//! Where arrivals go.

use async_trait::async_trait;

use crate::{Arrival, Failure};

/// Why arrivals were not taken. The platform is told a failure and brings them again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InboxRefused {
    /// So much waits that this was not taken; it may be handed in again later.
    #[error("the inbox is full")]
    Full,
    /// The bridge stops.
    #[error("the bridge stops")]
    Closed,
    /// More than [`crate::limits::ARRIVALS_AT_ONCE_MAX`] at once, or an arrival beyond its bounds.
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
    /// How much is left.
    pub left: u64,
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

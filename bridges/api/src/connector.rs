//! What every platform's connector does.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    Backfill, Callbacks, Capabilities, Cards, Conversations, Directory, Edits, Failure, Files, Inbox,
    Members, Names, Network, Outgoing, Pace, Reactions, Recalls, Sent, Shutdown,
};

/// One app on one platform. It holds no queue and retries nothing but its own connection and token: what failed is told, and
/// the core comes again with the same key. All methods may be called at once, and dropped at any await.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Which platform.
    fn network(&self) -> Network;

    /// What it can carry.
    fn capabilities(&self) -> &Capabilities;

    /// How fast the core may come.
    fn pace(&self) -> Pace;

    /// Holds the connection until `shutdown` fires: connects, hands in what comes, says when the line is up or down, connects
    /// again. With webhooks alone it checks the credentials, says that the line is up and waits. There is one caller at a time.
    ///
    /// # Errors
    /// [`Failure`] when it cannot go on by itself: the core tells people and runs it anew after a pause.
    async fn run(&self, inbox: Arc<dyn Inbox>, shutdown: Shutdown) -> Result<(), Failure>;

    /// Says something. A repeat with the same key says it once, also after a restart, and answers the same.
    ///
    /// # Errors
    /// [`Failure`].
    async fn send(&self, outgoing: &Outgoing) -> Result<Sent, Failure>;

    /// Can it change what we sent?
    fn edits(&self) -> Option<&dyn Edits> {
        None
    }

    /// Can it take back what we sent?
    fn recalls(&self) -> Option<&dyn Recalls> {
        None
    }

    /// Can it react?
    fn reactions(&self) -> Option<&dyn Reactions> {
        None
    }

    /// Can it carry files?
    fn files(&self) -> Option<&dyn Files> {
        None
    }

    /// Can it change cards?
    fn cards(&self) -> Option<&dyn Cards> {
        None
    }

    /// Can it list members?
    fn members(&self) -> Option<&dyn Members> {
        None
    }

    /// Can it rename conversations?
    fn names(&self) -> Option<&dyn Names> {
        None
    }

    /// Can it read what was said before?
    fn backfill(&self) -> Option<&dyn Backfill> {
        None
    }

    /// Does it know people?
    fn directory(&self) -> Option<&dyn Directory> {
        None
    }

    /// Does it know conversations?
    fn conversations(&self) -> Option<&dyn Conversations> {
        None
    }

    /// Is it called by HTTP?
    fn callbacks(&self) -> Option<&dyn Callbacks> {
        None
    }
}

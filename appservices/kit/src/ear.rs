//! Who listens below the bots: a bridge hears every event of its rooms, as it came, in the batch that takes it in.

use std::sync::Arc;

use async_trait::async_trait;
use ruma::UserId;
use store::{Batch, StoreError};

use crate::SERVICE_ID;

/// Hears every event that the homeserver sends, and owns accounts that are no bots.
#[async_trait]
pub trait Ear: Send + Sync {
    /// Whether an account is one of the service's own. What these say no bot hears.
    fn owns(&self, user: &UserId) -> bool;

    /// Whether more can be taken in; otherwise the homeserver keeps its transaction and comes again.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn has_room(&self) -> Result<bool, StoreError>;

    /// Hears an event, once. What is put into `batch` is durable before the homeserver may forget the event; it is called
    /// again with a new batch when a condition does not hold. Whether the event means something to it.
    ///
    /// # Errors
    /// When the store cannot be read: the transaction is not taken.
    async fn overhears(&self, event: &str, batch: &mut Batch) -> Result<bool, StoreError>;
}

/// Which application service of ours a kit serves.
#[derive(Clone)]
pub struct Service {
    /// The id of its registration and the local part of its own user, for ever.
    pub id: &'static str,
    /// Who listens below its bots.
    pub ear: Option<Arc<dyn Ear>>,
}

impl Service {
    /// The bots alone.
    #[must_use]
    pub fn bots() -> Self {
        Self { id: SERVICE_ID, ear: None }
    }
}

//! How many requests of one other server are worked on at once, so that one peer cannot take the place of all.

use std::sync::Arc;

use moka::sync::Cache;
use ruma::{OwnedServerName, ServerName};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::limits::{PEERS_COUNTED_MAX, REQUESTS_PER_PEER_MAX, TURN_TIME_MAX};

/// Counts requests in progress by the server that signed them.
#[derive(Clone)]
pub struct Gate(Cache<OwnedServerName, Arc<Semaphore>>);

/// Held as long as a request of a peer is worked on.
#[derive(Debug)]
pub struct Pass {
    _permit: OwnedSemaphorePermit,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(PEERS_COUNTED_MAX).build())
    }

    /// Waits for its turn; none when the server has too many requests in progress for too long.
    pub async fn enter(&self, server: &ServerName) -> Option<Pass> {
        let semaphore =
            self.0.get_with(server.to_owned(), || Arc::new(Semaphore::new(REQUESTS_PER_PEER_MAX)));
        let permit = timeout(TURN_TIME_MAX, semaphore.acquire_owned()).await.ok()?.ok()?;
        Some(Pass { _permit: permit })
    }
}

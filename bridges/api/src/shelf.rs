//! A connector's own durable rows: ids of reactions, keys of uploads, message ids by idempotency key.

use async_trait::async_trait;

/// Why a shelf refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShelfRefused {
    /// A key or value is larger than [`crate::limits`] allows, or the shelf is full.
    #[error("beyond the bounds of the shelf")]
    OutOfBounds,
    /// The store refuses.
    #[error("the store refuses: {0}")]
    Store(String),
}

/// Small durable rows of one connector. The core implements it, with rows that go after the time given.
#[async_trait]
pub trait Shelf: Send + Sync {
    /// What lies under `key`, unless its time is over.
    ///
    /// # Errors
    /// [`ShelfRefused`] when the store refuses.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, ShelfRefused>;

    /// Puts `value` under `key` for `keep_ms` milliseconds. When it returns, the row is durable.
    ///
    /// # Errors
    /// [`ShelfRefused`] when key or value is too large, the shelf is full, or the store refuses.
    async fn put(&self, key: &str, value: &[u8], keep_ms: u64) -> Result<(), ShelfRefused>;

    /// Takes the row away, if there is one.
    ///
    /// # Errors
    /// [`ShelfRefused`] when the store refuses.
    async fn remove(&self, key: &str) -> Result<(), ShelfRefused>;
}

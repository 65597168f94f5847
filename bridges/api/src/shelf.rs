//! A connector's own durable rows: ids of reactions, keys of uploads, message ids by idempotency key.

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};

use crate::Failure;

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

impl dyn Shelf + '_ {
    /// The value that [`Self::write`] put under `key`; nothing when what lies there is none.
    ///
    /// # Errors
    /// [`ShelfRefused`] when the store refuses.
    pub async fn read<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ShelfRefused> {
        Ok(self.get(key).await?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Puts a value under `key` for `keep_ms` milliseconds, durably.
    ///
    /// # Errors
    /// [`ShelfRefused`] when key or value is too large, the shelf is full, or the store refuses.
    pub async fn write<T: Serialize + Sync + ?Sized>(
        &self,
        key: &str,
        value: &T,
        keep_ms: u64,
    ) -> Result<(), ShelfRefused> {
        let bytes = serde_json::to_vec(value).map_err(|error| ShelfRefused::Store(error.to_string()))?;
        self.put(key, &bytes, keep_ms).await
    }
}

impl From<ShelfRefused> for Failure {
    fn from(error: ShelfRefused) -> Self {
        Self::later(error.to_string())
    }
}

//! A connector's rows in memory. They outlive the connector, as they do in a store.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bridge_api::limits::{SHELF_KEY_BYTES_MAX, SHELF_ROWS_MAX, SHELF_VALUE_BYTES_MAX};
use bridge_api::{Shelf, ShelfRefused};
use parking_lot::Mutex;

/// The rows. No time passes for them.
#[derive(Default)]
pub struct MemoryShelf(Mutex<BTreeMap<String, Vec<u8>>>);

#[async_trait]
impl Shelf for MemoryShelf {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, ShelfRefused> {
        Ok(self.0.lock().get(key).cloned())
    }

    async fn put(&self, key: &str, value: &[u8], _keep_ms: u64) -> Result<(), ShelfRefused> {
        let mut rows = self.0.lock();
        if key.len() > SHELF_KEY_BYTES_MAX
            || value.len() > SHELF_VALUE_BYTES_MAX
            || rows.len() >= SHELF_ROWS_MAX
        {
            return Err(ShelfRefused::OutOfBounds);
        }
        rows.insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    async fn remove(&self, key: &str) -> Result<(), ShelfRefused> {
        self.0.lock().remove(key);
        Ok(())
    }
}

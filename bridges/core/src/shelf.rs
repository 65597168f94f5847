//! The rows of a connector.

use std::sync::Arc;

use async_trait::async_trait;
use base::Clock;
use bridge_api::{
    Network, Shelf, ShelfRefused,
    limits::{SHELF_KEY_BYTES_MAX, SHELF_VALUE_BYTES_MAX},
};
use store::{Batch, Store, StoreError};

use crate::tables::{SHELF, SHELF_DUE, ShelfRow};

struct Shelves {
    store: Store,
    clock: Clock,
    network: &'static str,
}

/// The shelf of a network's connector, in the bridges' store.
#[must_use]
pub fn shelf(store: Store, clock: Clock, network: Network) -> Arc<dyn Shelf> {
    Arc::new(Shelves { store, clock, network: network.key() })
}

fn refused(error: StoreError) -> ShelfRefused {
    ShelfRefused::Store(error.to_string())
}

#[async_trait]
impl Shelf for Shelves {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, ShelfRefused> {
        let row = self.store.get(&SHELF, &(self.network, key)).await.map_err(refused)?;
        Ok(row.filter(|row| row.until_ms > self.clock.now_ms()).map(|row| row.value))
    }

    async fn put(&self, key: &str, value: &[u8], keep_ms: u64) -> Result<(), ShelfRefused> {
        if key.is_empty() || key.len() > SHELF_KEY_BYTES_MAX || value.len() > SHELF_VALUE_BYTES_MAX {
            return Err(ShelfRefused::OutOfBounds);
        }
        let until_ms = self.clock.now_ms().saturating_add(keep_ms);
        let old = self.store.get(&SHELF, &(self.network, key)).await.map_err(refused)?;
        let mut batch = Batch::new();
        // Before the new place, which may be the same. Of two who put at once one leaves a place that means nothing when its time comes.
        if let Some(old) = old {
            batch.delete(&SHELF_DUE, &(old.until_ms, self.network, key));
        }
        batch.put(&SHELF, &(self.network, key), &ShelfRow { value: value.to_vec(), until_ms });
        batch.put(&SHELF_DUE, &(until_ms, self.network, key), &());
        self.store.commit(batch).await.map(drop).map_err(refused)
    }

    async fn remove(&self, key: &str) -> Result<(), ShelfRefused> {
        let mut batch = Batch::new();
        batch.delete(&SHELF, &(self.network, key));
        self.store.commit(batch).await.map(drop).map_err(refused)
    }
}

#[cfg(test)]
mod tests {
    use store::{Identity, MemoryKv, Scan};

    use super::*;

    #[tokio::test]
    async fn what_is_put_anew_has_one_place_among_what_ends() {
        let name = <&ruma::ServerName>::try_from("test").expect("valid");
        let clock = Clock::fake(1);
        let identity = Identity::new(name, &clock);
        let store = Store::open(Arc::new(MemoryKv::new()), crate::tables(), identity, Vec::new()).await;
        let store = store.expect("opens");
        let shelf = shelf(store.clone(), clock.clone(), Network::Feishu);
        for (step_ms, until_ms) in [(0, 1_001), (0, 1_001), (500, 1_501)] {
            clock.advance(step_ms);
            shelf.put("key", b"value", 1_000).await.expect("it is put");
            let due = store.scan_keys(&SHELF_DUE, Scan::all()).await.expect("readable");
            assert_eq!(due, [(until_ms, "feishu".to_owned(), "key".to_owned())]);
            assert_eq!(shelf.get("key").await.expect("readable").as_deref(), Some(b"value".as_slice()));
        }
    }
}

//! One at a time for each key: who comes while somebody works on the same thing waits for it and finds
//! the result where it was put.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

/// The work in progress. A key is forgotten when nobody works on it or waits for it.
pub(crate) struct Flights<K>(Mutex<HashMap<K, Weak<tokio::sync::Mutex<()>>>>);

/// The right to work on a key.
pub(crate) type Flight = OwnedMutexGuard<()>;

impl<K> Default for Flights<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq + Clone> Flights<K> {
    /// Waits until nobody else works on the key. The number of keys is bounded by that of the requests
    /// in progress.
    pub async fn take(&self, key: &K) -> Flight {
        let lock = {
            let mut flights = self.0.lock();
            flights.retain(|_, lock| lock.strong_count() > 0);
            match flights.get(key).and_then(Weak::upgrade) {
                Some(lock) => lock,
                None => {
                    let lock = Arc::new(tokio::sync::Mutex::new(()));
                    flights.insert(key.clone(), Arc::downgrade(&lock));
                    lock
                }
            }
        };
        lock.lock_owned().await
    }
}

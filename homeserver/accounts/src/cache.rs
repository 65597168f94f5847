//! A cache by user that a change empties without ever letting a slow reader put the old value back.

use std::{future::Future, sync::Arc};

use parking_lot::Mutex;
use ruma::{OwnedUserId, UserId};

use crate::limits::USERS_CACHED_MAX;

/// Values by user. A reader that started before a change does not store what it read.
pub(crate) struct ChangeCache<V: Send + Sync + 'static> {
    values: moka::sync::Cache<OwnedUserId, Arc<V>>,
    /// Counts changes of anybody: one number is enough, changes are rare and loads are short.
    changes: Mutex<u64>,
}

impl<V: Send + Sync + 'static> ChangeCache<V> {
    pub fn new() -> Self {
        Self { values: moka::sync::Cache::new(USERS_CACHED_MAX), changes: Mutex::new(0) }
    }

    /// The cached value, or the one that `load` reads.
    pub async fn get_or_load<E>(
        &self,
        user: &UserId,
        load: impl Future<Output = Result<V, E>>,
    ) -> Result<Arc<V>, E> {
        if let Some(value) = self.values.get(user) {
            return Ok(value);
        }
        let before = *self.changes.lock();
        let value = Arc::new(load.await?);
        let changes = self.changes.lock();
        if *changes == before {
            self.values.insert(user.to_owned(), Arc::clone(&value));
        }
        Ok(value)
    }

    /// Forgets the value of a user whose row has changed.
    pub fn forget(&self, user: &UserId) {
        let mut changes = self.changes.lock();
        *changes += 1;
        self.values.invalidate(user);
    }
}

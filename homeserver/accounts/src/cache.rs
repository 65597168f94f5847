//! Caches that a change empties without ever letting a slow reader put the old value back.

use std::{future::Future, sync::Arc};

use model::StreamPos;
use parking_lot::Mutex;
use ruma::{OwnedUserId, UserId};
use store::{Commit, Store};

use crate::limits::USERS_CACHED_MAX;

/// Where the newest change of the cached rows was committed. The hook of a commit runs before readers see it, so a
/// reader that comes after the cache was emptied may still find the old row. What was read is kept only when the
/// reader saw every change. One position is enough: changes are rare and reads are short.
#[derive(Default)]
pub(crate) struct Changes(Mutex<StreamPos>);

impl Changes {
    /// Notes a change, from a hook of its commit, and empties what it makes stale.
    pub fn note(&self, commit: &Commit, forget: impl FnOnce()) {
        let mut newest = self.0.lock();
        *newest = commit.last().max(*newest);
        forget();
    }

    /// Runs `keep` if a reader that began at the frontier `seen` saw every change.
    pub fn keep_unless_stale(&self, seen: StreamPos, keep: impl FnOnce()) {
        let newest = self.0.lock();
        if *newest <= seen {
            keep();
        }
    }

    /// Whether a reader that began at the frontier `seen` saw every change.
    pub fn all_seen(&self, seen: StreamPos) -> bool {
        *self.0.lock() <= seen
    }
}

/// Values by user.
pub(crate) struct ChangeCache<V: Send + Sync + 'static> {
    values: moka::sync::Cache<OwnedUserId, Arc<V>>,
    changes: Changes,
}

impl<V: Send + Sync + 'static> ChangeCache<V> {
    pub fn new() -> Self {
        Self { values: moka::sync::Cache::new(USERS_CACHED_MAX), changes: Changes::default() }
    }

    /// The cached value, or the one that `load` reads from the store.
    pub async fn get_or_load<E>(
        &self,
        store: &Store,
        user: &UserId,
        load: impl Future<Output = Result<V, E>>,
    ) -> Result<Arc<V>, E> {
        if let Some(value) = self.values.get(user) {
            return Ok(value);
        }
        let seen = store.frontier();
        let value = Arc::new(load.await?);
        self.changes.keep_unless_stale(seen, || self.values.insert(user.to_owned(), Arc::clone(&value)));
        Ok(value)
    }

    /// Forgets the value of a user whose row has changed, from a hook of the commit.
    pub fn forget(&self, commit: &Commit, user: &UserId) {
        self.changes.note(commit, || self.values.invalidate(user));
    }
}

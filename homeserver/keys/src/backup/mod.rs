//! Key backups: sessions that clients encrypted for themselves and keep here.
//!
//! The server cannot read them and need not. It keeps the better of two copies of a session, counts exactly, and lets
//! only the newest version grow. <https://spec.matrix.org/v1.19/client-server-api/#server-side-key-backups>

mod removal;
mod replace;
mod sessions;
mod versions;

use std::hash::{BuildHasher as _, RandomState};

use ruma::UserId;
use tokio::sync::{Mutex, MutexGuard};

pub use self::{
    sessions::{BackedUpSession, BackupState, NewSession, SessionScope},
    versions::Backup,
};
use crate::limits::BACKUP_LOCKS;

/// Locks by user. They save lost races only; what makes a write right is its condition on the version's row.
pub(crate) struct BackupLocks {
    locks: Vec<Mutex<()>>,
    hasher: RandomState,
}

impl Default for BackupLocks {
    fn default() -> Self {
        Self { locks: (0..BACKUP_LOCKS).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }
}

impl BackupLocks {
    async fn lock(&self, user: &UserId) -> MutexGuard<'_, ()> {
        let number = usize::try_from(self.hasher.hash_one(user) % BACKUP_LOCKS as u64);
        self.locks[number.unwrap_or_default()].lock().await
    }
}

//! Which users have pushers: asked for every member of a room at every event, so kept in memory.

use std::collections::HashSet;

use parking_lot::RwLock;
use ruma::{OwnedUserId, UserId};
use store::{Reader, Scan, StoreError};

use super::tables::PUSHERS;
use crate::limits::PAGE_ROWS;

/// The users that may have pushers. A user who removed all of them stays until the next start, which
/// costs one look into the table per event and nothing else.
pub(crate) struct Register(RwLock<HashSet<OwnedUserId>>);

impl Register {
    /// Reads the keys of all pushers.
    pub async fn load(reader: &Reader) -> Result<Self, StoreError> {
        let mut users = HashSet::new();
        let mut scan = Scan::all().limit(PAGE_ROWS);
        loop {
            let keys = reader.scan_keys(&PUSHERS, scan).await?;
            let Some(last) = keys.last() else { break };
            scan = Scan::all().after(last).limit(PAGE_ROWS);
            users.extend(keys.into_iter().map(|(user, _, _)| user));
        }
        Ok(Self(RwLock::new(users)))
    }

    pub fn is_empty(&self) -> bool {
        self.0.read().is_empty()
    }

    pub fn contains(&self, user: &UserId) -> bool {
        self.0.read().contains(user)
    }

    pub fn insert(&self, user: OwnedUserId) {
        self.0.write().insert(user);
    }

    /// Those of the given users who may have pushers.
    pub fn among<'a>(&self, users: impl Iterator<Item = &'a OwnedUserId>) -> Vec<OwnedUserId> {
        let known = self.0.read();
        users.filter(|user| known.contains(*user)).cloned().collect()
    }
}

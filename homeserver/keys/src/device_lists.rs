//! The stream of device-list changes. It is not fanned out: a sync reads the changes since its token and keeps the
//! users it shares a room with.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
};

use model::StreamPos;
use ruma::{OwnedUserId, UserId};
use store::{Batch, Commit, Reader, Scan, StoreError};

use crate::{
    Keys,
    limits::ROWS_PER_STEP_MAX,
    tables::{DEVICE_LIST_CHANGE, DEVICE_LIST_LATEST},
};

/// Position of the last change of anyone's devices; never too low for a reader that took its snapshot first.
pub(crate) struct LatestChange(AtomicU64);

impl LatestChange {
    pub async fn load(reader: &Reader) -> Result<Self, StoreError> {
        let rows = reader.scan(&DEVICE_LIST_CHANGE, Scan::all().reverse().limit(1)).await?;
        Ok(Self(AtomicU64::new(rows.first().map_or(0, |(position, _)| position.get()))))
    }
}

impl Keys {
    /// Writes into the batch that this user's devices or keys changed. The caller announces the batch to the users
    /// who share a room with them.
    pub fn mark_device_list(&self, batch: &mut Batch, user: &UserId) {
        let position = batch.position();
        batch.put(&DEVICE_LIST_CHANGE, &position, &user.to_owned());
        batch.put(&DEVICE_LIST_LATEST, &user.to_owned(), &position);
        let keys = self.clone();
        batch.on_commit(move |commit: &Commit| {
            keys.0.device_lists.0.fetch_max(commit.resolve(position).get(), Ordering::AcqRel);
        });
    }

    /// Position of the last change of anyone's devices, from memory.
    pub fn latest_device_list_change(&self) -> StreamPos {
        StreamPos::new(self.0.device_lists.0.load(Ordering::Acquire))
    }

    /// Whose devices changed after `after` and not after `up_to`. Costs no read when nobody's did.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn device_list_changes(
        &self,
        reader: &Reader,
        after: StreamPos,
        up_to: StreamPos,
    ) -> Result<BTreeSet<OwnedUserId>, StoreError> {
        let mut changed = BTreeSet::new();
        let mut after = after;
        if self.latest_device_list_change() <= after {
            return Ok(changed);
        }
        loop {
            let scan = Scan::all().after(&after).up_to(&up_to).limit(ROWS_PER_STEP_MAX);
            let rows = reader.scan(&DEVICE_LIST_CHANGE, scan).await?;
            let full = rows.len() == ROWS_PER_STEP_MAX;
            for (position, user) in rows {
                after = position;
                changed.insert(user);
            }
            if !full {
                return Ok(changed);
            }
        }
    }

    /// When this user's devices last changed.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn device_list_position(
        &self,
        reader: &Reader,
        user: &UserId,
    ) -> Result<Option<StreamPos>, StoreError> {
        reader.get(&DEVICE_LIST_LATEST, &user.to_owned()).await
    }
}

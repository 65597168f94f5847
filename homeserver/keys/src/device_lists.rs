//! The stream of device-list changes. It is not fanned out: a sync reads the changes since its token and keeps the
//! users it shares a room with. A second stream holds what a person verified of others, which only they may hear.
//!
//! A newer change of the same user takes the place of the older one, so the streams do not grow with time.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
};

use model::StreamPos;
use ruma::{OwnedUserId, UserId};
use store::{Audience, Batch, Commit, Reader, Scan, StoreError};

use crate::{
    Keys,
    limits::ROWS_PER_STEP_MAX,
    tables::{DEVICE_LIST_CHANGE, DEVICE_LIST_LATEST, SIGNED_USER_CHANGE, SIGNED_USER_LATEST},
};

/// Positions of the last changes; never too low for a reader that took its snapshot first.
pub(crate) struct LatestChanges {
    /// Of anyone's devices.
    devices: AtomicU64,
    /// Of anyone's verification of another.
    signed: AtomicU64,
}

impl LatestChanges {
    pub async fn load(reader: &Reader) -> Result<Self, StoreError> {
        let last = || Scan::all().reverse().limit(1);
        let devices = reader.scan_keys(&DEVICE_LIST_CHANGE, last()).await?;
        let signed = reader.scan_keys(&SIGNED_USER_CHANGE, last()).await?;
        let number = |rows: Vec<StreamPos>| AtomicU64::new(rows.first().map_or(0, |position| position.get()));
        Ok(Self { devices: number(devices), signed: number(signed) })
    }
}

impl Keys {
    /// Writes into the batch that this user's devices or keys changed. The caller announces the batch to the users
    /// who share a room with them.
    ///
    /// # Errors
    /// Whatever the store answers to one read.
    pub async fn mark_device_list(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
    ) -> Result<(), StoreError> {
        let user = user.to_owned();
        if let Some(older) = reader.get(&DEVICE_LIST_LATEST, &user).await? {
            batch.delete(&DEVICE_LIST_CHANGE, &older);
        }
        let position = batch.position();
        batch.put(&DEVICE_LIST_CHANGE, &position, &user);
        batch.put(&DEVICE_LIST_LATEST, &user, &position);
        let keys = self.clone();
        batch.on_commit(move |commit: &Commit| {
            keys.0.changes.devices.fetch_max(commit.resolve(position).get(), Ordering::AcqRel);
        });
        Ok(())
    }

    /// Writes into the batch that `signer` verified `user`, and wakes the signer.
    pub(crate) async fn mark_signed_user(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        signer: &UserId,
        user: &UserId,
    ) -> Result<(), StoreError> {
        let pair = (signer.to_owned(), user.to_owned());
        if let Some(older) = reader.get(&SIGNED_USER_LATEST, &pair).await? {
            batch.delete(&SIGNED_USER_CHANGE, &older);
        }
        let position = batch.position();
        batch.put(&SIGNED_USER_CHANGE, &position, &pair);
        batch.put(&SIGNED_USER_LATEST, &pair, &position);
        batch.announce(Audience::User(pair.0));
        let keys = self.clone();
        batch.on_commit(move |commit: &Commit| {
            keys.0.changes.signed.fetch_max(commit.resolve(position).get(), Ordering::AcqRel);
        });
        Ok(())
    }

    /// Whose keys `signer` signed after `after` and not after `up_to`: the signer's other clients must look them up
    /// again, and nobody else hears of it. Costs no read when nobody signed anything.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn users_signed_by(
        &self,
        reader: &Reader,
        signer: &UserId,
        after: StreamPos,
        up_to: StreamPos,
    ) -> Result<BTreeSet<OwnedUserId>, StoreError> {
        let mut signed = BTreeSet::new();
        let mut after = after;
        if self.0.changes.signed.load(Ordering::Acquire) <= after.get() {
            return Ok(signed);
        }
        loop {
            let scan = Scan::all().after(&after).up_to(&up_to).limit(ROWS_PER_STEP_MAX);
            let rows = reader.scan(&SIGNED_USER_CHANGE, scan).await?;
            let full = rows.len() == ROWS_PER_STEP_MAX;
            for (position, (by, user)) in rows {
                after = position;
                if by == signer {
                    signed.insert(user);
                }
            }
            if !full {
                return Ok(signed);
            }
        }
    }

    /// Position of the last change of anyone's devices, from memory.
    pub fn latest_device_list_change(&self) -> StreamPos {
        StreamPos::new(self.0.changes.devices.load(Ordering::Acquire))
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

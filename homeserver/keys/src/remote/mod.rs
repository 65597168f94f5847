//! Device lists of users of other servers, kept so that nobody has to be asked again for what did not change.
//!
//! A list is *fresh* while every change since it was fetched has arrived: each announcement names the one before it
//! ([`update`]), and a list with a gap is fetched anew ([`list`]). What is fresh is answered from here; whatever is not
//! is asked for. The keys lie beside those of local users and pass the same checks. Who shares a room with whom, and who
//! asks the other server, is decided elsewhere: whoever stops sharing rooms hears of no more changes, so their list must be
//! marked stale.
//! See <https://spec.matrix.org/v1.19/server-server-api/#device-management>.

mod list;
mod update;

use ruma::{OwnedDeviceId, OwnedUserId, UserId};
use store::{Batch, Reader, Scan, StoreError};

pub use self::{
    list::{FetchedDevice, FetchedList},
    update::{DeviceUpdate, Heard},
};
use crate::{
    Keys, KeysError, PublishedKeys,
    limits::ROWS_PER_STEP_MAX,
    tables::{REMOTE_LIST, REMOTE_RESYNC, RemoteListRow, ResyncRow},
};

impl Keys {
    /// The keys of a user of another server from the list that is kept here, without signatures of anybody else; none
    /// when the list is not fresh. An empty list of devices means all of them.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn kept_keys(
        &self,
        reader: &Reader,
        user: &UserId,
        devices: &[OwnedDeviceId],
    ) -> Result<Option<PublishedKeys>, KeysError> {
        let Some(row) = reader.get(&REMOTE_LIST, user).await?.filter(|row| row.is_fresh) else {
            return Ok(None);
        };
        let mut names = row.devices;
        if !devices.is_empty() {
            names.retain(|device, _| devices.contains(device));
        }
        self.published(reader, None, user, &names).await.map(Some)
    }

    /// Whether anything is kept of a user of another server.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn keeps_list_of(&self, reader: &Reader, user: &UserId) -> Result<bool, StoreError> {
        Ok(reader.get(&REMOTE_LIST, user).await?.is_some_and(|row| row.is_fresh))
    }

    /// Writes into the batch that changes of this user's devices may have been missed. Nobody fetches the list again
    /// before somebody asks for it.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn mark_stale(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
    ) -> Result<(), StoreError> {
        let Some(before) = reader.get(&REMOTE_LIST, user).await? else { return Ok(()) };
        let row = RemoteListRow { is_fresh: false, unheard: before.unheard + 1, ..before.clone() };
        batch.expect_eq(&REMOTE_LIST, user, &before);
        batch.put(&REMOTE_LIST, user, &row);
        batch.delete(&REMOTE_RESYNC, user);
        Ok(())
    }

    /// The lists that are to be fetched, after `after` in the order of user ids, at most [`ROWS_PER_STEP_MAX`]: users and
    /// the time before which they are not, in ms.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn lists_to_fetch(
        &self,
        reader: &Reader,
        after: Option<&UserId>,
    ) -> Result<Vec<(OwnedUserId, u64)>, StoreError> {
        let mut scan = Scan::all().limit(ROWS_PER_STEP_MAX);
        if let Some(after) = after {
            scan = scan.after(after);
        }
        let rows = reader.scan(&REMOTE_RESYNC, scan).await?;
        Ok(rows.into_iter().map(|(user, row)| (user, row.retry_at_ms)).collect())
    }

    /// Whether the list of this user is still to be fetched, and how that stands.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn list_to_fetch(
        &self,
        reader: &Reader,
        user: &UserId,
    ) -> Result<Option<ResyncRow>, StoreError> {
        reader.get(&REMOTE_RESYNC, user).await
    }

    /// Writes into the batch that the list is to be fetched, now or after failures.
    pub fn want_list(&self, batch: &mut Batch, user: &UserId, failures: u32, retry_at_ms: u64) {
        batch.put(&REMOTE_RESYNC, user, &ResyncRow { failures, retry_at_ms });
    }

    /// Writes into the batch that nobody tries to fetch the list any more; whoever asks for it does.
    pub fn give_up_list(&self, batch: &mut Batch, user: &UserId) {
        batch.delete(&REMOTE_RESYNC, user);
    }
}

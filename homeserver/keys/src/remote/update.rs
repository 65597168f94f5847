//! Taking in what another server announces of its users' devices and keys.

use ruma::{DeviceId, OwnedDeviceId, UserId};
use serde_json::value::RawValue;
use store::{Batch, Reader};

use crate::{
    CrossSigningChange, CrossSigningUpload, Keys, KeysError,
    device_keys::DeviceKeys,
    limits::{DEVICE_NAME_BYTES_MAX, DEVICES_PER_USER_MAX, KEY_ID_BYTES_MAX},
    tables::{DEVICE_KEYS, REMOTE_LIST, REMOTE_RESYNC, RemoteListRow, ResyncRow},
};

/// One `m.device_list_update`, from the server of the user.
#[derive(Clone, Debug)]
pub struct DeviceUpdate {
    /// The device that changed.
    pub device: OwnedDeviceId,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its identity keys, if it has any.
    pub keys: Option<Box<RawValue>>,
    /// Whether it is gone.
    pub deleted: bool,
    /// The number of this change.
    pub stream_id: u64,
    /// The numbers of the changes before it.
    pub previous: Vec<u64>,
}

/// What an announcement meant for the list that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It was in the list already.
    Known,
    /// The list has it now.
    Applied,
    /// Something before it is missing: the list is to be fetched.
    Missed,
}

impl Keys {
    /// Puts the announcements about one user's devices, in their order, into the batch. Unless all are [`Heard::Known`],
    /// the device list of the user is marked as changed, and the caller announces that to those who share a room.
    ///
    /// # Errors
    /// Whatever the store answers. What is wrong with a device's keys makes the device go.
    pub async fn hear_devices(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        updates: &[DeviceUpdate],
    ) -> Result<Heard, KeysError> {
        let before = reader.get(&REMOTE_LIST, user).await?;
        let mut row = before.clone().unwrap_or_default();
        let mut heard = Heard::Known;
        for update in updates {
            let is_known = !update.previous.is_empty() && update.stream_id <= row.stream_id;
            let follows = !update.previous.is_empty()
                && update.previous.iter().all(|previous| *previous <= row.stream_id);
            if !row.is_fresh || (!is_known && !follows) {
                return self.miss(reader, batch, user, before.as_ref()).await;
            }
            if !is_known {
                apply(batch, user, &mut row, update);
                heard = Heard::Applied;
            }
        }
        if heard == Heard::Applied {
            batch.expect_read(&REMOTE_LIST, user, before.as_ref());
            batch.put(&REMOTE_LIST, user, &row);
            self.mark_device_list(reader, batch, user).await?;
        }
        Ok(heard)
    }

    /// Puts announced cross-signing keys into the batch, if they hold; the same as [`Keys::hear_devices`] otherwise.
    ///
    /// # Errors
    /// [`KeysError`] says what is wrong with the keys; nothing changes then.
    pub async fn hear_signing_keys(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        master: Option<&RawValue>,
        self_signing: Option<&RawValue>,
    ) -> Result<Heard, KeysError> {
        let before = reader.get(&REMOTE_LIST, user).await?;
        let Some(row) = before.as_ref().filter(|row| row.is_fresh) else {
            return self.miss(reader, batch, user, before.as_ref()).await;
        };
        let upload = CrossSigningUpload::check(user, master, self_signing, None)?;
        batch.expect_eq(&REMOTE_LIST, user, row);
        Ok(match self.add_cross_signing(reader, batch, user, &upload).await? {
            CrossSigningChange::Nothing => Heard::Known,
            CrossSigningChange::First | CrossSigningChange::Replacement => Heard::Applied,
        })
    }

    /// What was heard does not fit into the list: it is to be fetched, and an answer under way is too old.
    async fn miss(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        before: Option<&RemoteListRow>,
    ) -> Result<Heard, KeysError> {
        let mut row = before.cloned().unwrap_or_default();
        (row.is_fresh, row.unheard) = (false, row.unheard + 1);
        batch.expect_read(&REMOTE_LIST, user, before);
        batch.put(&REMOTE_LIST, user, &row);
        // A server that fails is not asked sooner because it goes on announcing.
        if reader.get(&REMOTE_RESYNC, user).await?.is_none() {
            batch.put(&REMOTE_RESYNC, user, &ResyncRow::default());
        }
        self.mark_device_list(reader, batch, user).await?;
        Ok(Heard::Missed)
    }
}

/// A change that follows on what is in the list.
fn apply(batch: &mut Batch, user: &UserId, row: &mut RemoteListRow, update: &DeviceUpdate) {
    row.stream_id = row.stream_id.max(update.stream_id);
    let place = (user.to_owned(), update.device.clone());
    let is_full = row.devices.len() >= DEVICES_PER_USER_MAX && !row.devices.contains_key(&update.device);
    if is_full || update.device.as_str().len() > KEY_ID_BYTES_MAX {
        return;
    }
    let keys = update.keys.as_deref().map(|keys| checked(keys, user, &update.device));
    if update.deleted || matches!(keys, Some(None)) {
        row.devices.remove(&update.device);
        batch.delete(&DEVICE_KEYS, &place);
        return;
    }
    match keys.flatten() {
        Some(keys) => batch.put(&DEVICE_KEYS, &place, &keys),
        None => batch.delete(&DEVICE_KEYS, &place),
    };
    row.devices.insert(update.device.clone(), update.name.clone().filter(|name| is_good_name(name)));
}

/// Identity keys as they are stored, if they are what they have to be.
pub(super) fn checked(keys: &RawValue, user: &UserId, device: &DeviceId) -> Option<String> {
    match DeviceKeys::check(keys.get(), user, device) {
        Ok(keys) => Some(keys.signed.text()),
        Err(error) => {
            tracing::debug!(%user, %device, %error, "refuse device keys of another server");
            None
        }
    }
}

/// Nobody has to keep a text as long as a server likes.
pub(super) fn is_good_name(name: &str) -> bool {
    name.len() <= DEVICE_NAME_BYTES_MAX
}

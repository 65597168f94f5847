//! Keeping a whole list that was fetched.

use std::collections::BTreeMap;

use ruma::{OwnedDeviceId, UserId};
use serde_json::value::RawValue;
use store::{Batch, Reader, Scan, StoreError};

use super::update::{checked, is_good_name};
use crate::{
    CrossSigningChange, CrossSigningUpload, Keys, KeysError, Usage,
    limits::{DEVICES_PER_USER_MAX, KEY_ID_BYTES_MAX},
    tables::{CROSS_SIGNING_KEY, DEVICE_KEYS, REMOTE_LIST, REMOTE_RESYNC, RemoteListRow},
};

/// What a server answered about the devices of its user.
#[derive(Clone, Debug, Default)]
pub struct FetchedList {
    /// The number of the last change that is in it.
    pub stream_id: u64,
    /// The devices.
    pub devices: Vec<FetchedDevice>,
    /// The master key.
    pub master: Option<Box<RawValue>>,
    /// The self-signing key.
    pub self_signing: Option<Box<RawValue>>,
}

/// One device of a [`FetchedList`].
#[derive(Clone, Debug)]
pub struct FetchedDevice {
    /// Its id.
    pub device: OwnedDeviceId,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its identity keys.
    pub keys: Box<RawValue>,
}

impl Keys {
    /// How many announcements about this user were heard that are not in the list. Read it before the list is asked
    /// for: an answer to a question from before an announcement may lack it.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn unheard_of(&self, reader: &Reader, user: &UserId) -> Result<u64, StoreError> {
        Ok(reader.get(&REMOTE_LIST, user).await?.map_or(0, |row| row.unheard))
    }

    /// Puts a list that was fetched into the batch, in the place of what was kept. `unheard` is what
    /// [`Keys::unheard_of`] said before. `tells` marks the device list as changed if it is, for those who could not get it
    /// before. Answers whether the list may be kept: not if more was heard meanwhile, and then nothing is in the batch.
    ///
    /// # Errors
    /// Whatever the store answers. Keys that are not what they have to be are left out.
    pub async fn keep_list(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        unheard: u64,
        (list, tells): (&FetchedList, bool),
    ) -> Result<bool, KeysError> {
        let before = reader.get(&REMOTE_LIST, user).await?;
        if before.as_ref().map_or(0, |row| row.unheard) != unheard {
            return Ok(false);
        }
        let mut row =
            RemoteListRow { stream_id: list.stream_id, is_fresh: true, unheard, devices: BTreeMap::new() };
        let mut texts = BTreeMap::new();
        for FetchedDevice { device, name, keys } in list.devices.iter().take(DEVICES_PER_USER_MAX) {
            if device.as_str().len() <= KEY_ID_BYTES_MAX
                && let Some(text) = checked(keys, user, device)
            {
                row.devices.insert(device.clone(), name.clone().filter(|name| is_good_name(name)));
                texts.insert(device.clone(), text);
            }
        }
        let mut changed = before.as_ref().is_none_or(|before| before.devices != row.devices);
        let owner = user.to_owned();
        for ((_, device), old) in reader.scan(&DEVICE_KEYS, Scan::prefix(&owner)).await? {
            match texts.remove(&device) {
                Some(text) if text == old => {}
                Some(text) => {
                    changed = true;
                    batch.put(&DEVICE_KEYS, &(owner.clone(), device), &text);
                }
                None => {
                    changed = true;
                    batch.delete(&DEVICE_KEYS, &(owner.clone(), device));
                }
            }
        }
        for (device, text) in texts {
            changed = true;
            batch.put(&DEVICE_KEYS, &(owner.clone(), device), &text);
        }
        changed |= self.keep_signing_keys(reader, batch, user, list).await?;
        batch.expect_read(&REMOTE_LIST, user, before.as_ref());
        batch.put(&REMOTE_LIST, user, &row);
        batch.delete(&REMOTE_RESYNC, user);
        if changed && tells {
            self.mark_device_list(reader, batch, user).await?;
        }
        Ok(true)
    }

    /// Whether anything changed.
    async fn keep_signing_keys(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        list: &FetchedList,
    ) -> Result<bool, KeysError> {
        let given =
            CrossSigningUpload::check(user, list.master.as_deref(), list.self_signing.as_deref(), None);
        let given = match given {
            Ok(upload) if list.master.is_some() => {
                self.cross_signing_change(reader, user, &upload).await.map(|_| upload)
            }
            Ok(_) => Err(KeysError::NoMasterKey),
            Err(error) => Err(error),
        };
        let mut gone = vec![Usage::Master, Usage::SelfSigning];
        let mut changed = false;
        match given {
            Ok(upload) => {
                gone = if list.self_signing.is_none() { vec![Usage::SelfSigning] } else { Vec::new() };
                let change = self.put_cross_signing(reader, batch, user, &upload).await?;
                changed = change != CrossSigningChange::Nothing;
            }
            Err(KeysError::Store(error)) => return Err(error.into()),
            Err(KeysError::NoMasterKey) => {}
            Err(error) => tracing::debug!(%user, %error, "refuse cross-signing keys of another server"),
        }
        for usage in gone {
            let place = (user.to_owned(), usage as u8);
            if reader.exists(&CROSS_SIGNING_KEY, &place).await? {
                changed = true;
                batch.delete(&CROSS_SIGNING_KEY, &place);
            }
        }
        Ok(changed)
    }
}

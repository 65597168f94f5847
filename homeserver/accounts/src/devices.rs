//! Devices: listing, naming, deleting, and when each was last seen.

use std::{net::IpAddr, sync::Arc};

use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};
use store::{Batch, Reader, Scan, StoreError};
use tokio::sync::Semaphore;

use crate::{
    AccountError, Accounts,
    limits::{
        DEVICE_NAME_BYTES_MAX, DEVICE_SEEN_WRITE_MS, DEVICE_SEEN_WRITERS_MAX, DEVICES_PER_USER_MAX,
        DEVICES_SEEN_CACHED_MAX, WRITE_TRIES_MAX,
    },
    tables::{DEVICES, DEVICES_SEEN, DeviceRow, DeviceSeenRow},
};

/// Devices deleted in one batch. Each takes some thousand rows along at worst: keys and waiting messages.
const DEVICES_PER_BATCH: usize = 20;

/// One device of a user, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: OwnedDeviceId,
    /// The name the person gave it.
    pub display_name: Option<String>,
    /// When it was last seen, in ms since 1970; a few minutes late by design.
    pub last_seen_ms: Option<u64>,
    /// From where it was last seen.
    pub last_seen_address: Option<String>,
    /// With which program it was last seen.
    pub last_seen_user_agent: Option<String>,
}

/// Which sightings were written lately.
pub(crate) struct SeenDevices {
    written_ms: moka::sync::Cache<(OwnedUserId, OwnedDeviceId), u64>,
    writers: Arc<Semaphore>,
}

impl SeenDevices {
    pub fn new() -> Self {
        Self {
            written_ms: moka::sync::Cache::new(DEVICES_SEEN_CACHED_MAX),
            writers: Arc::new(Semaphore::new(DEVICE_SEEN_WRITERS_MAX)),
        }
    }
}

impl Accounts {
    /// All devices of a user, in order of their ids.
    pub async fn devices(&self, reader: &Reader, user: &UserId) -> Result<Vec<Device>, StoreError> {
        let prefix = user.to_owned();
        let rows = reader.scan(&DEVICES, Scan::prefix(&prefix).limit(DEVICES_PER_USER_MAX)).await?;
        let keys: Vec<_> = rows.iter().map(|(key, _)| key.clone()).collect();
        let seen = reader.multi_get(&DEVICES_SEEN, &keys).await?;
        Ok(rows.into_iter().zip(seen).map(|((key, row), seen)| Device::new(key.1, row, seen)).collect())
    }

    /// One device of a user.
    pub async fn device(
        &self,
        reader: &Reader,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<Option<Device>, StoreError> {
        let key = (user.to_owned(), device.to_owned());
        let Some(row) = reader.get(&DEVICES, &key).await? else { return Ok(None) };
        let seen = reader.get(&DEVICES_SEEN, &key).await?;
        Ok(Some(Device::new(key.1, row, seen)))
    }

    /// Whether the user has this device.
    pub async fn device_exists(
        &self,
        reader: &Reader,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<bool, StoreError> {
        reader.exists(&DEVICES, &(user.to_owned(), device.to_owned())).await
    }

    /// Gives a device a name, or takes it away.
    pub async fn rename_device(
        &self,
        user: &UserId,
        device: &DeviceId,
        name: Option<&str>,
    ) -> Result<(), AccountError> {
        check_device_name(name)?;
        let key = (user.to_owned(), device.to_owned());
        for _ in 0..WRITE_TRIES_MAX {
            let old = self.0.store.get(&DEVICES, &key).await?.ok_or(AccountError::UnknownDevice)?;
            let new = DeviceRow { display_name: name.map(str::to_owned), ..old.clone() };
            let mut batch = Batch::new();
            batch.expect_eq(&DEVICES, &key, &old);
            batch.put(&DEVICES, &key, &new);
            if let Some(observer) = self.0.ports.devices() {
                observer.device_renamed(&self.0.store, &mut batch, user, device).await?;
            }
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(());
            }
        }
        Err(AccountError::Contended)
    }

    /// Deletes these devices with their tokens and everything that observers hang on them. Devices
    /// that do not exist are passed over.
    pub async fn remove_devices(&self, user: &UserId, devices: &[OwnedDeviceId]) -> Result<(), AccountError> {
        for chunk in devices.chunks(DEVICES_PER_BATCH) {
            self.remove_chunk(user, chunk).await?;
        }
        Ok(())
    }

    /// Deletes all devices of the user but `kept`.
    pub async fn remove_other_devices(
        &self,
        user: &UserId,
        kept: Option<&DeviceId>,
    ) -> Result<(), AccountError> {
        let prefix = user.to_owned();
        // A login may add a device meanwhile, but not for ever: it needs the password.
        let rows = self.0.store.scan(&DEVICES, Scan::prefix(&prefix)).await?;
        let devices: Vec<_> =
            rows.into_iter().map(|(key, _)| key.1).filter(|device| Some(&**device) != kept).collect();
        self.remove_devices(user, &devices).await
    }

    async fn remove_chunk(&self, user: &UserId, devices: &[OwnedDeviceId]) -> Result<(), AccountError> {
        for _ in 0..WRITE_TRIES_MAX {
            let mut batch = Batch::new();
            let removed = self.add_removal(&mut batch, user, devices).await?;
            if removed.is_empty() {
                return Ok(());
            }
            match self.0.store.commit(batch).await {
                Ok(_) => {
                    for device in removed {
                        self.0.seen.written_ms.invalidate(&(user.to_owned(), device));
                    }
                    return Ok(());
                }
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AccountError::Contended)
    }

    pub(crate) async fn add_removal(
        &self,
        batch: &mut Batch,
        user: &UserId,
        devices: &[OwnedDeviceId],
    ) -> Result<Vec<OwnedDeviceId>, AccountError> {
        let reader: &Reader = &self.0.store;
        let mut removed = Vec::new();
        for device in devices {
            let key = (user.to_owned(), device.clone());
            let Some(row) = reader.get(&DEVICES, &key).await? else { continue };
            if removed.contains(device) {
                continue;
            }
            batch.expect_eq(&DEVICES, &key, &row);
            batch.delete(&DEVICES, &key);
            batch.delete(&DEVICES_SEEN, &key);
            self.end_tokens(reader, batch, user, device).await?;
            self.delete_device_settings(reader, batch, user, device).await?;
            self.delete_session_origin(reader, batch, user, device).await?;
            removed.push(device.clone());
        }
        if let (Some(observer), false) = (self.0.ports.devices(), removed.is_empty()) {
            observer.devices_removed(reader, batch, user, &removed).await?;
        }
        Ok(removed)
    }

    /// MSC3890: what a device kept about itself in the account data goes with it.
    async fn delete_device_settings(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<(), AccountError> {
        for prefix in ["m.local_notification_settings.", "org.matrix.msc3890.local_notification_settings."] {
            let kind = format!("{prefix}{device}");
            self.put_account_data_tombstone(reader, batch, user, None, &kind).await?;
        }
        Ok(())
    }

    /// Notes that a request of this device arrived. Cheap; writes at most every few minutes, in the
    /// background, and not at all while many such writes are waiting.
    pub fn note_seen(
        &self,
        user: &UserId,
        device: &DeviceId,
        address: Option<IpAddr>,
        user_agent: Option<&str>,
    ) {
        let now_ms = self.0.clock.now_ms();
        let key = (user.to_owned(), device.to_owned());
        let written_ms = self.0.seen.written_ms.get(&key);
        if written_ms.is_some_and(|written_ms| now_ms < written_ms.saturating_add(DEVICE_SEEN_WRITE_MS)) {
            return;
        }
        let Ok(permit) = Arc::clone(&self.0.seen.writers).try_acquire_owned() else { return };
        self.0.seen.written_ms.insert(key.clone(), now_ms);
        let row = DeviceSeenRow {
            seen_ms: now_ms,
            address: address.map(|address| address.to_string()),
            user_agent: user_agent.map(|agent| shortened(agent, DEVICE_NAME_BYTES_MAX).to_owned()),
        };
        let accounts = self.clone();
        tokio::spawn(async move {
            if let Err(error) = accounts.write_seen(&key, &row).await {
                tracing::debug!(%error, "note that a device was seen");
            }
            drop(permit);
        });
    }

    async fn write_seen(
        &self,
        key: &(OwnedUserId, OwnedDeviceId),
        row: &DeviceSeenRow,
    ) -> Result<(), StoreError> {
        let Some(device) = self.0.store.get(&DEVICES, key).await? else { return Ok(()) };
        let mut batch = Batch::new();
        // A device that is deleted meanwhile leaves no row behind.
        batch.expect_eq(&DEVICES, key, &device);
        batch.put(&DEVICES_SEEN, key, row);
        self.0.store.commit(batch).await.map(drop)
    }
}

impl Device {
    fn new(id: OwnedDeviceId, row: DeviceRow, seen: Option<DeviceSeenRow>) -> Self {
        let (last_seen_ms, last_seen_address, last_seen_user_agent) = match seen {
            Some(seen) => (Some(seen.seen_ms), seen.address, seen.user_agent),
            None => (None, None, None),
        };
        Self { id, display_name: row.display_name, last_seen_ms, last_seen_address, last_seen_user_agent }
    }
}

pub(crate) fn check_device_name(name: Option<&str>) -> Result<(), AccountError> {
    match name {
        Some(name) if name.len() > DEVICE_NAME_BYTES_MAX => Err(AccountError::TooLarge("the device name")),
        _ => Ok(()),
    }
}

fn shortened(text: &str, bytes_max: usize) -> &str {
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

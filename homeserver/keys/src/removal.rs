//! What goes when a device goes, and what is still to go after a crash.

use model::StreamPos;
use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};
use store::{Batch, Reader, Scan, StoreError};

use crate::{
    Keys,
    limits::ROWS_PER_STEP_MAX,
    tables::{DEHYDRATED_DEVICE, DEVICE_KEYS, KEY_COUNT_CHANGE, KEY_SIGNATURE, REMOVED_DEVICE, TO_DEVICE},
};

impl Keys {
    /// Puts the deletion of these devices' keys and queues into the batch, and that the user's device list changed.
    /// Of a very long queue only the beginning goes with this batch; the rest is written down, and
    /// [`Keys::forget_leftovers`] deletes it. A new device of the same id never sees it.
    ///
    /// # Errors
    /// Whatever the store answers to the reads.
    pub async fn forget_devices(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        devices: &[OwnedDeviceId],
    ) -> Result<(), StoreError> {
        if devices.is_empty() {
            return Ok(());
        }
        for device in devices {
            self.delete_device(reader, batch, user, device).await?;
        }
        let owner = user.to_owned();
        let prefix = (owner.clone(), owner.clone());
        for place in reader.scan_keys(&KEY_SIGNATURE, Scan::prefix(&prefix)).await? {
            let signer = place.3.strip_prefix("ed25519:");
            let gone = |id: &str| devices.iter().any(|device| device.as_str() == id);
            if gone(&place.2) || signer.is_some_and(gone) {
                batch.delete(&KEY_SIGNATURE, &place);
            }
        }
        if let Some(row) = reader.get(&DEHYDRATED_DEVICE, &owner).await?
            && devices.contains(&row.device)
        {
            batch.delete(&DEHYDRATED_DEVICE, &owner);
        }
        self.mark_device_list(reader, batch, user).await
    }

    async fn delete_device(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        device: &OwnedDeviceId,
    ) -> Result<(), StoreError> {
        let key = (user.to_owned(), device.clone());
        batch.delete(&DEVICE_KEYS, &key);
        batch.delete(&KEY_COUNT_CHANGE, &key);
        self.delete_one_time_keys(reader, batch, (user, device)).await?;
        let messages = reader.scan_keys(&TO_DEVICE, Scan::prefix(&key).limit(ROWS_PER_STEP_MAX)).await?;
        for message in &messages {
            batch.delete(&TO_DEVICE, message);
        }
        if messages.len() == ROWS_PER_STEP_MAX {
            let position = batch.position();
            batch.put(&REMOVED_DEVICE, &key, &position);
        }
        let keys = self.clone();
        batch.on_commit(move |_| keys.0.queues.forget(&key.0, &key.1));
        Ok(())
    }

    /// Deletes what removed devices still own, step by step: for the housekeeping of the server. Answers how many
    /// queues were finished.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn forget_leftovers(&self) -> Result<usize, StoreError> {
        let removed = self.0.store.scan(&REMOVED_DEVICE, Scan::all().limit(ROWS_PER_STEP_MAX)).await?;
        let count = removed.len();
        for ((user, device), position) in removed {
            self.forget_leftover(&user, &device, position).await?;
        }
        Ok(count)
    }

    /// Deletes the messages of a device that was removed before a new one took its id.
    pub(crate) async fn forget_leftover_of(
        &self,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<(), StoreError> {
        let key = (user.to_owned(), device.to_owned());
        match self.0.store.get(&REMOVED_DEVICE, &key).await? {
            Some(position) => self.forget_leftover(user, device, position).await,
            None => Ok(()),
        }
    }

    async fn forget_leftover(
        &self,
        user: &UserId,
        device: &DeviceId,
        removed_at: StreamPos,
    ) -> Result<(), StoreError> {
        let key: (OwnedUserId, OwnedDeviceId) = (user.to_owned(), device.to_owned());
        let last = (key.0.clone(), key.1.clone(), removed_at);
        loop {
            let scan = Scan::prefix(&key).up_to(&last).limit(ROWS_PER_STEP_MAX);
            let messages = self.0.store.scan_keys(&TO_DEVICE, scan).await?;
            let mut batch = Batch::new();
            for message in &messages {
                batch.delete(&TO_DEVICE, message);
            }
            let finished = messages.len() < ROWS_PER_STEP_MAX;
            if finished {
                batch.delete(&REMOVED_DEVICE, &key);
            }
            self.0.store.commit(batch).await?;
            if finished {
                return Ok(());
            }
        }
    }
}

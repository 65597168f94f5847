//! What goes when a device goes.

use ruma::{OwnedDeviceId, UserId};
use store::{Batch, Reader, Scan, StoreError};

use crate::{
    Keys,
    limits::ROWS_PER_STEP_MAX,
    tables::{FALLBACK_KEY, KEY_COUNT_CHANGE, ONE_TIME_KEY, TO_DEVICE},
};

impl Keys {
    /// Puts the deletion of these devices' queues and keys into the batch, and that the user's device list changed.
    /// Of a very long queue only the beginning goes with this batch; the rest is dead, and the next device of the
    /// same id never sees it, because [`Keys::forget_leftovers`] runs after the commit.
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
        for device in devices {
            self.delete_rows(reader, batch, user, device).await?;
        }
        if !devices.is_empty() {
            self.mark_device_list(batch, user);
        }
        Ok(())
    }

    /// Deletes what a removed device still owns, step by step.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn forget_leftovers(&self, user: &UserId, device: &OwnedDeviceId) -> Result<(), StoreError> {
        loop {
            let mut batch = Batch::new();
            let rows = self.delete_rows(&self.0.store, &mut batch, user, device).await?;
            if rows == 0 {
                return Ok(());
            }
            self.0.store.commit(batch).await?;
        }
    }

    async fn delete_rows(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        device: &OwnedDeviceId,
    ) -> Result<usize, StoreError> {
        let prefix = (user.to_owned(), device.clone());
        let scan = || Scan::prefix(&prefix).limit(ROWS_PER_STEP_MAX);
        let messages = reader.scan(&TO_DEVICE, scan()).await?;
        for (key, _) in &messages {
            batch.delete(&TO_DEVICE, key);
        }
        let one_time = reader.scan(&ONE_TIME_KEY, Scan::prefix(&prefix).limit(ROWS_PER_STEP_MAX)).await?;
        for (key, _) in &one_time {
            batch.delete(&ONE_TIME_KEY, key);
        }
        let fallback = reader.scan(&FALLBACK_KEY, Scan::prefix(&prefix).limit(ROWS_PER_STEP_MAX)).await?;
        for (key, _) in &fallback {
            batch.delete(&FALLBACK_KEY, key);
        }
        if !one_time.is_empty() || !fallback.is_empty() {
            batch.delete(&KEY_COUNT_CHANGE, &prefix);
        }
        self.0.queues.shrunk(user, device, messages.len());
        Ok(messages.len() + one_time.len() + fallback.len())
    }
}

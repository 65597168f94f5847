//! Dehydrated devices (MSC3814): a device without a session that takes messages while nobody is logged in.
//!
//! Each user has one at most. Its keys and its queue are those of any device; this module keeps which device it is and
//! the private data that only its owner can read.

use model::StreamPos;
use ruma::{DeviceId, OwnedDeviceId, UserId};
use serde_json::value::RawValue;
use store::{Batch, Reader};

use crate::{
    Keys, KeysError, PendingMessage,
    limits::{DEHYDRATED_DATA_BYTES_MAX, DEHYDRATED_EVENTS_PAGE_MAX},
    tables::{DEHYDRATED_DEVICE, DehydratedRow},
};

/// A user's dehydrated device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DehydratedDevice {
    /// Its id.
    pub device: OwnedDeviceId,
    /// Its private data: JSON as it was uploaded.
    pub data: String,
}

/// Messages that wait for a dehydrated device.
#[derive(Clone, Debug, Default)]
pub struct DehydratedEvents {
    /// The events, oldest first.
    pub events: Vec<PendingMessage>,
    /// Where the next page begins.
    pub next: StreamPos,
    /// Whether there is anything on the next page.
    pub more: bool,
}

impl Keys {
    /// The user's dehydrated device.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn dehydrated_device(
        &self,
        reader: &Reader,
        user: &UserId,
    ) -> Result<Option<DehydratedDevice>, KeysError> {
        let row = reader.get(&DEHYDRATED_DEVICE, &user.to_owned()).await?;
        Ok(row.map(|row| DehydratedDevice { device: row.device, data: row.data }))
    }

    /// Puts a dehydrated device into the batch, with the condition that the one it replaces is still there. Its keys
    /// are uploaded, and the former device is removed, in the same batch by the caller.
    ///
    /// # Errors
    /// [`KeysError::BadJson`] for data that is no object or names no algorithm, [`KeysError::TooLarge`].
    pub async fn add_dehydrated_device(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        device: &DeviceId,
        data: &RawValue,
    ) -> Result<(), KeysError> {
        check_data(data.get())?;
        let key = user.to_owned();
        let old = reader.get(&DEHYDRATED_DEVICE, &key).await?;
        batch.expect_read(&DEHYDRATED_DEVICE, &key, old.as_ref());
        let row = DehydratedRow { device: device.to_owned(), data: data.get().to_owned() };
        batch.put(&DEHYDRATED_DEVICE, &key, &row);
        Ok(())
    }

    /// A page of the messages that wait for the user's dehydrated device. Nothing is deleted: a client that lost the
    /// answer asks again, and the whole queue goes with the device.
    ///
    /// # Errors
    /// [`KeysError::NotDehydrated`] for any other device.
    pub async fn dehydrated_events(
        &self,
        reader: &Reader,
        user: &UserId,
        device: &DeviceId,
        after: StreamPos,
    ) -> Result<DehydratedEvents, KeysError> {
        let own = self.dehydrated_device(reader, user).await?;
        if own.is_none_or(|own| own.device != device) {
            return Err(KeysError::NotDehydrated);
        }
        let up_to = StreamPos::new(u64::MAX >> 2);
        let limit = DEHYDRATED_EVENTS_PAGE_MAX + 1;
        let mut events = self.pending_to_device(reader, (user, device), (after, up_to), limit).await?;
        let more = events.len() > DEHYDRATED_EVENTS_PAGE_MAX;
        events.truncate(DEHYDRATED_EVENTS_PAGE_MAX);
        let next = events.last().map_or(after, |(position, _)| *position);
        Ok(DehydratedEvents { events, next, more })
    }
}

fn check_data(json: &str) -> Result<(), KeysError> {
    #[derive(serde::Deserialize)]
    struct Data {
        #[expect(dead_code, reason = "only its presence counts")]
        algorithm: String,
    }
    if json.len() > DEHYDRATED_DATA_BYTES_MAX {
        let max = DEHYDRATED_DATA_BYTES_MAX;
        return Err(KeysError::TooLarge { what: "device_data", size: json.len(), max });
    }
    let parsed = serde_json::from_str::<Data>(json);
    parsed.map(drop).map_err(|error| KeysError::BadJson { what: "device_data", problem: error.to_string() })
}

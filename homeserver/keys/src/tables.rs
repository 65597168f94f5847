//! The tables of this crate. Nobody else touches them.

use bytes::Bytes;
use model::StreamPos;
use ruma::{OwnedDeviceId, OwnedUserId};
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo, record};

/// Messages that wait for a device, oldest first: the event's JSON as a client gets it.
pub const TO_DEVICE: Table<(OwnedUserId, OwnedDeviceId, StreamPos), Bytes> =
    Table::new(200, "to_device", Profile::Queue, "which messages wait for this device?");

/// Transaction ids of `/sendToDevice` with the time they were used, in ms: (sender, scope, transaction id). The
/// scope is the device's id, or empty when the session has none.
pub const TO_DEVICE_TRANSACTION: Table<(OwnedUserId, String, String), u64> =
    Table::new(201, "to_device_transaction", Profile::Point, "was this request answered before?");

/// The same rows by time in ms, so that old ones can be swept out.
pub const TO_DEVICE_TRANSACTION_BY_AGE: Table<(u64, OwnedUserId, String, String), ()> = Table::new(
    202,
    "to_device_transaction_by_age",
    Profile::Queue,
    "which transaction ids may be forgotten?",
);

/// Every change of someone's device list or cross-signing keys.
pub const DEVICE_LIST_CHANGE: Table<StreamPos, OwnedUserId> =
    Table::new(203, "device_list_change", Profile::Scan, "whose devices changed since?");

/// The last change of each user's device list.
pub const DEVICE_LIST_LATEST: Table<OwnedUserId, StreamPos> =
    Table::new(204, "device_list_latest", Profile::Point, "when did this user's devices last change?");

/// One-time keys in the order they were uploaded, which is the order they are given out in: (user, device,
/// algorithm, position of the upload).
pub const ONE_TIME_KEY: Table<(OwnedUserId, OwnedDeviceId, String, StreamPos), OneTimeKey> =
    Table::new(205, "one_time_key", Profile::Queue, "which one-time keys of this device are left?");

/// The fallback key of each algorithm.
pub const FALLBACK_KEY: Table<(OwnedUserId, OwnedDeviceId, String), FallbackKey> =
    Table::new(206, "fallback_key", Profile::Point, "which key is given out when no one-time key is left?");

/// Position of the last change of a device's one-time or fallback keys.
pub const KEY_COUNT_CHANGE: Table<(OwnedUserId, OwnedDeviceId), StreamPos> =
    Table::new(207, "key_count_change", Profile::Point, "when did this device's key counts last change?");

/// The whole list of this crate, for the store's catalogue.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![
        TO_DEVICE.info(),
        TO_DEVICE_TRANSACTION.info(),
        TO_DEVICE_TRANSACTION_BY_AGE.info(),
        DEVICE_LIST_CHANGE.info(),
        DEVICE_LIST_LATEST.info(),
        ONE_TIME_KEY.info(),
        FALLBACK_KEY.info(),
        KEY_COUNT_CHANGE.info(),
    ]
}

/// A one-time key as its device uploaded it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OneTimeKey {
    /// Id without the algorithm.
    pub id: String,
    /// The key: a JSON string or object.
    pub key: String,
}
record!(OneTimeKey);

/// A fallback key as its device uploaded it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FallbackKey {
    /// Id without the algorithm.
    pub id: String,
    /// The key: a JSON string or object.
    pub key: String,
    /// Whether it was given out at least once.
    pub used: bool,
}
record!(FallbackKey);

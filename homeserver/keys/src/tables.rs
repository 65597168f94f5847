//! The tables of this crate. Nobody else touches them.

use std::collections::BTreeMap;

use bytes::Bytes;
use model::StreamPos;
use ruma::{OwnedDeviceId, OwnedServerName, OwnedUserId};
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

/// Where a one-time key stands in [`ONE_TIME_KEY`]: (user, device, algorithm, id).
pub const ONE_TIME_KEY_BY_ID: Table<(OwnedUserId, OwnedDeviceId, String, String), StreamPos> = Table::new(
    208,
    "one_time_key_by_id",
    Profile::Point,
    "was a key of this id uploaded and not claimed yet?",
);

/// Whose one-time key it was: user, device, algorithm, key id.
type IssuedKey = (OwnedUserId, OwnedDeviceId, String, String);

/// Keys that were given out lately, by (user, device, algorithm, id): when, in ms, and the digest of the key.
pub const ISSUED_KEY: Table<IssuedKey, (u64, [u8; 32])> =
    Table::new(209, "issued_key", Profile::Point, "was this one-time key given out before?");

/// The same rows by time in ms, so that old ones can be swept out.
pub const ISSUED_KEY_BY_AGE: Table<(u64, OwnedUserId, OwnedDeviceId, String, String), ()> =
    Table::new(210, "issued_key_by_age", Profile::Queue, "which issued keys may be forgotten?");

/// Identity keys of a device: canonical JSON with the signatures its user uploaded, without `unsigned`.
pub const DEVICE_KEYS: Table<(OwnedUserId, OwnedDeviceId), String> =
    Table::new(211, "device_keys", Profile::Scan, "which identity keys do the user's devices have?");

/// Cross-signing keys by usage ([`crate::Usage`]): canonical JSON.
pub const CROSS_SIGNING_KEY: Table<(OwnedUserId, u8), String> =
    Table::new(212, "cross_signing_key", Profile::Scan, "which cross-signing keys does the user have?");

/// Signatures that were added to a key later: (owner of the key, signer, device id or public key that is signed, id of
/// the signing key).
pub const KEY_SIGNATURE: Table<(OwnedUserId, OwnedUserId, String, String), String> =
    Table::new(213, "key_signature", Profile::Scan, "what did this signer sign of the user's keys?");

/// Every signature of somebody's user-signing key, for the signer alone: whose key was signed.
pub const SIGNED_USER_CHANGE: Table<StreamPos, (OwnedUserId, OwnedUserId)> =
    Table::new(214, "signed_user_change", Profile::Scan, "who signed whom since?");

/// The last signature of a signer on a user's key.
pub const SIGNED_USER_LATEST: Table<(OwnedUserId, OwnedUserId), StreamPos> =
    Table::new(215, "signed_user_latest", Profile::Point, "when did the signer last sign this user's key?");

/// Removed devices whose queue was too long for the batch that removed them, with the position of the removal.
pub const REMOVED_DEVICE: Table<(OwnedUserId, OwnedDeviceId), StreamPos> =
    Table::new(216, "removed_device", Profile::Queue, "which queues are still to be deleted?");

/// The number of the newest version of a user's key backup that ever was; numbers are not used again.
pub const BACKUP_LATEST: Table<OwnedUserId, u64> =
    Table::new(220, "backup_latest", Profile::Point, "which number does the next backup get?");

/// Key backups by version.
pub const BACKUP: Table<(OwnedUserId, u64), BackupRow> =
    Table::new(221, "backup", Profile::Scan, "what is known of this version of the backup?");

/// Sessions in a backup: (user, version, room, session).
pub const BACKUP_SESSION: Table<(OwnedUserId, u64, String, String), BackupSessionRow> =
    Table::new(222, "backup_session", Profile::Scan, "which sessions does the backup hold?");

/// Backups that were deleted and whose sessions are still to go.
pub const BACKUP_DROPPED: Table<(OwnedUserId, u64), ()> =
    Table::new(223, "backup_dropped", Profile::Queue, "which sessions are still to be deleted?");

/// The dehydrated device of a user and its private data, encrypted by the client.
pub const DEHYDRATED_DEVICE: Table<OwnedUserId, DehydratedRow> =
    Table::new(230, "dehydrated_device", Profile::Point, "which dehydrated device does the user have?");

/// Messages for devices on other servers, in the order they were sent: where to, and the content of the EDU.
pub const OUTGOING_TO_DEVICE: Table<StreamPos, (OwnedServerName, Bytes)> =
    Table::new(231, "outgoing_to_device", Profile::Queue, "which messages are to leave for other servers?");

/// Device lists of users of other servers, as far as they are kept here. Their keys lie in [`DEVICE_KEYS`] and
/// [`CROSS_SIGNING_KEY`].
pub const REMOTE_LIST: Table<OwnedUserId, RemoteListRow> =
    Table::new(232, "remote_list", Profile::Point, "what is known of this user's devices on another server?");

/// Device lists of users of other servers that are to be fetched.
pub const REMOTE_RESYNC: Table<OwnedUserId, ResyncRow> =
    Table::new(233, "remote_resync", Profile::Scan, "whose device list is to be fetched, and when?");

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
        ONE_TIME_KEY_BY_ID.info(),
        ISSUED_KEY.info(),
        ISSUED_KEY_BY_AGE.info(),
        DEVICE_KEYS.info(),
        CROSS_SIGNING_KEY.info(),
        KEY_SIGNATURE.info(),
        SIGNED_USER_CHANGE.info(),
        SIGNED_USER_LATEST.info(),
        REMOVED_DEVICE.info(),
        BACKUP_LATEST.info(),
        BACKUP.info(),
        BACKUP_SESSION.info(),
        BACKUP_DROPPED.info(),
        DEHYDRATED_DEVICE.info(),
        OUTGOING_TO_DEVICE.info(),
        REMOTE_LIST.info(),
        REMOTE_RESYNC.info(),
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

/// One version of a key backup.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct BackupRow {
    /// How the sessions are encrypted.
    pub algorithm: String,
    /// What the algorithm needs to know: JSON as it was uploaded.
    pub auth_data: String,
    /// Sessions in it, exactly.
    pub count: u64,
    /// Grows with every change of the sessions.
    pub etag: u64,
}
record!(BackupRow);

/// One session in a backup.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct BackupSessionRow {
    /// Index of the first message that the session can decrypt.
    pub first_message_index: u64,
    /// How often the session was forwarded.
    pub forwarded_count: u64,
    /// Whether it comes from a verified device.
    pub is_verified: bool,
    /// The encrypted session: JSON as it was uploaded.
    pub session_data: String,
}
record!(BackupSessionRow);

/// A dehydrated device (MSC3814).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct DehydratedRow {
    /// Its id among the user's devices.
    pub device: OwnedDeviceId,
    /// Its private data: JSON as it was uploaded.
    pub data: String,
}
record!(DehydratedRow);

/// The device list of a user of another server.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct RemoteListRow {
    /// The number of the last change that is in it.
    pub stream_id: u64,
    /// Whether nothing is missing, as far as anybody can know.
    pub is_fresh: bool,
    /// Grows whenever something is heard, or may have been missed, that is not in the list.
    pub unheard: u64,
    /// Every device with its name.
    pub devices: BTreeMap<OwnedDeviceId, Option<String>>,
}
record!(RemoteListRow);

/// A device list that is to be fetched.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ResyncRow {
    /// Tries that failed.
    pub failures: u32,
    /// Not before this time, in ms.
    pub retry_at_ms: u64,
}
record!(ResyncRow);

//! The tables of encryption.

use bytes::Bytes;
use model::StreamPos;
use ruma::{OwnedDeviceId, OwnedRoomId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Profile, Table, TableInfo};

use crate::tables::Incoming;

/// A bot → its device.
pub(crate) const DEVICES: Table<String, DeviceRow> =
    Table::new(2700, "bots_devices", Profile::Point, "With which device does this bot speak?");
/// Bot, shelf and two names → what the library keeps there, as JSON.
pub(super) const CRYPTO: Table<(String, String, String, String), Bytes> =
    Table::new(2701, "bots_crypto", Profile::Scan, "What does the library of encryption keep for this bot?");
/// A room that a bot wrote to or heard the encryption of.
pub(crate) const ENCRYPTION: Table<OwnedRoomId, EncryptionRow> =
    Table::new(2702, "bots_encryption", Profile::Point, "Is this room encrypted, and how?");
/// Bot, room, session and place in the inbox → an event that nobody can read yet.
pub(super) const UNREAD: Table<(String, OwnedRoomId, String, StreamPos), Incoming> =
    Table::new(2703, "bots_unread", Profile::Scan, "Which events wait for the key of this session?");
/// Bot and hash → its place in the order.
pub(super) const OLM_SEEN: Table<(String, String), StreamPos> =
    Table::new(2704, "bots_olm_seen", Profile::Point, "Was this message to the device read already?");
/// The hashes in their order.
pub(super) const OLM_SEEN_ORDER: Table<(String, StreamPos), String> =
    Table::new(2705, "bots_olm_seen_order", Profile::Queue, "Which messages to the device came first?");

/// Bot and session → a bit for each of its messages that was heard.
pub(super) const HEARD: Table<(String, String), Bytes> =
    Table::new(2706, "bots_megolm_heard", Profile::Point, "Which messages of this session were heard?");

/// All of them.
pub(crate) fn tables() -> [TableInfo; 7] {
    [
        DEVICES.info(),
        CRYPTO.info(),
        ENCRYPTION.info(),
        UNREAD.info(),
        OLM_SEEN.info(),
        OLM_SEEN_ORDER.info(),
        HEARD.info(),
    ]
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeviceRow {
    pub device: OwnedDeviceId,
    /// Whether the homeserver has it; before that it may or may not.
    pub is_made: bool,
    /// Whether the homeserver has the bot's cross-signing keys and their signature of the device.
    #[serde(default)]
    pub is_signed: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct EncryptionRow {
    /// The content of `m.room.encryption`; none where there was no such state when it was asked for.
    pub rules: Option<Value>,
}

store::record!(DeviceRow, EncryptionRow);

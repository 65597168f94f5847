//! The tables of what leaves for other servers.

use std::collections::BTreeMap;

use bytes::Bytes;
use model::{EventNum, RoomNum, StreamPos};
use ruma::{OwnedEventId, OwnedServerName, OwnedUserId};
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo};

/// How a destination stands.
pub(crate) const DESTINATION: Table<OwnedServerName, DestinationRow> =
    Table::new(1230, "destination", Profile::Scan, "How does this server stand with us?");

/// Events that wait, in the order of the stream.
pub(crate) const QUEUED_EVENT: Table<(OwnedServerName, StreamPos), (RoomNum, EventNum)> =
    Table::new(1231, "queued_event", Profile::Queue, "Which events are owed to this server?");

/// EDUs that must arrive, in order: the position of what caused them, and a number.
pub(crate) const QUEUED_EDU: Table<(OwnedServerName, StreamPos, u64), Bytes> = Table::new(
    1232,
    "queued_edu",
    Profile::Queue,
    "Which messages that are no events are owed to this server?",
);

/// The transaction under way: it is repeated byte for byte until it is answered.
pub(crate) const FROZEN: Table<OwnedServerName, FrozenRow> = Table::new(
    1233,
    "frozen_transaction",
    Profile::Blob,
    "Which transaction may this server have got already?",
);

/// The newest event of each room that a destination is owed while it catches up.
pub(crate) const OWED_ROOM: Table<(OwnedServerName, RoomNum), (StreamPos, EventNum)> =
    Table::new(1234, "owed_room", Profile::Scan, "What is the last thing this server missed of this room?");

/// What other servers were told of a user's devices.
pub(crate) const ANNOUNCED_DEVICES: Table<OwnedUserId, AnnouncedRow> =
    Table::new(1235, "announced_devices", Profile::Point, "Which devices of this user were announced?");

/// The number of the last announcement of a user's devices that went to a server.
pub(crate) const LAST_ANNOUNCEMENT: Table<(OwnedServerName, OwnedUserId), u64> = Table::new(
    1236,
    "last_announcement",
    Profile::Point,
    "Which announcement of this user came last to this server?",
);

/// Local users whose devices were announced while a room was not whole, so that servers may be there which heard nothing
/// of it: the position before the first such announcement.
pub(crate) const ANNOUNCED_WHILE_PARTIAL: Table<(RoomNum, OwnedUserId), StreamPos> = Table::new(
    1238,
    "announced_while_partial",
    Profile::Scan,
    "Whose announcements may servers of this room have missed, and since when?",
);

/// Membership events that went through a handshake: the feed must know that they are sent already, or that this server
/// sends them for another one.
pub(crate) const HANDSHAKEN: Table<OwnedEventId, u8> =
    Table::new(1237, "handshaken", Profile::Point, "What is this server to do with this membership event?");

/// [`HANDSHAKEN`]: the server that helped us sends the event.
pub(crate) const SENT_BY_ANOTHER: u8 = 1;
/// [`HANDSHAKEN`]: we helped, and send the event for its sender.
pub(crate) const SENT_FOR_ANOTHER: u8 = 2;

/// Every table of the sender.
pub(crate) fn tables() -> Vec<TableInfo> {
    vec![
        DESTINATION.info(),
        QUEUED_EVENT.info(),
        QUEUED_EDU.info(),
        FROZEN.info(),
        OWED_ROOM.info(),
        ANNOUNCED_DEVICES.info(),
        LAST_ANNOUNCEMENT.info(),
        HANDSHAKEN.info(),
        ANNOUNCED_WHILE_PARTIAL.info(),
    ]
}

/// How a destination stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DestinationRow {
    /// Attempts since the last success.
    pub failures: u32,
    /// When the first of them was, in ms.
    pub failing_since_ms: Option<u64>,
    /// When the last attempt was, in ms.
    pub last_attempt_ms: u64,
    /// No attempt before, in ms.
    pub retry_at_ms: u64,
    /// The last position that was answered.
    pub acknowledged: u64,
}
store::record!(DestinationRow);

/// A transaction that was or may have been sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FrozenRow {
    /// Its id.
    pub id: String,
    /// Its body.
    pub body: Vec<u8>,
    /// The last position of its events.
    pub events_up_to: u64,
    /// The queued events in it, by their positions: others may be queued before them later.
    #[serde(default)]
    pub events: Vec<u64>,
    /// Every queued EDU up to this position and number is in it.
    pub edus_up_to: Option<(u64, u64)>,
    /// What it tells of rooms while the destination catches up: room and position.
    pub rooms: Vec<(u64, u64)>,
}
store::record!(FrozenRow);

/// What was told of a user's devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AnnouncedRow {
    /// The number of the last announcement.
    pub stream_id: u64,
    /// A digest of what was said of each device.
    pub devices: BTreeMap<String, String>,
    /// A digest of master and self-signing key.
    pub cross_signing: String,
}
store::record!(AnnouncedRow);

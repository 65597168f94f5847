//! The tables of entries; nobody else reads or writes them.

use bridge_api::EntryOnPlatform;
use ruma::OwnedRoomId;
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo};

/// Network and the key of a bot's entry → what it is there.
pub(super) const ENTRIES: Table<(String, String), EntryRow> = Table::new(
    3025,
    "bridges_entries",
    Profile::Point,
    "What is this approval, task or meeting on this platform?",
);
/// Network and the key under which something is done to an entry → where its bot hears of it.
pub(super) const ENTRY_ROOMS: Table<(String, String), OwnedRoomId> =
    Table::new(3026, "bridges_entry_rooms", Profile::Point, "Which bot is told what is done to this entry?");
/// The day on which an entry changed, in days since 1970, its network and its key.
pub(super) const ENTRY_DAYS: Table<(u64, String, String), ()> =
    Table::new(3027, "bridges_entry_days", Profile::Queue, "Which entries changed long ago?");
/// A bot's localpart → the room that it shares with the bridge.
pub(super) const BOT_ROOMS: Table<String, OwnedRoomId> =
    Table::new(3028, "bridges_bot_rooms", Profile::Point, "Where is this bot spoken to?");

/// All of them.
pub(crate) fn tables() -> Vec<TableInfo> {
    vec![ENTRIES.info(), ENTRY_ROOMS.info(), ENTRY_DAYS.info(), BOT_ROOMS.info()]
}

/// An entry on a platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EntryRow {
    pub id: EntryOnPlatform,
    pub revision: u64,
    /// The day of its last change, as in [`ENTRY_DAYS`].
    pub day: u64,
}

store::record!(EntryRow);

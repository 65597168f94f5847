//! The tables of entries; nobody else reads or writes them.

use bridge_api::EntryOnPlatform;
use ruma::{OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo};

use crate::tables::OutboxRow;

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

/// Network, the key of a bot's entry and that of a card in its place → the card, for when the platform refuses the entry.
pub(super) const INSTEAD: Table<(String, String, String), InsteadRow> = Table::new(
    3048,
    "bridges_cards_instead",
    Profile::Scan,
    "Which cards go out when the platform refuses this entry?",
);

/// All of them.
pub(crate) fn tables() -> Vec<TableInfo> {
    vec![ENTRIES.info(), ENTRY_ROOMS.info(), ENTRY_DAYS.info(), BOT_ROOMS.info(), INSTEAD.info()]
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

/// A card that waits for what becomes of an entry, or went out in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InsteadRow {
    /// For whom it is.
    pub account: OwnedUserId,
    /// Its newest version, as it waits in a lane.
    pub card: OutboxRow,
    /// The day on which it came, as in [`ENTRY_DAYS`].
    pub day: u64,
    /// Whether it went out because the entry was refused.
    pub is_shown: bool,
}

store::record!(InsteadRow);

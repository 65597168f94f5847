//! The tables of this crate, ids 900 to 999. All of it can be made again from rooms and accounts.

use model::{EventNum, RoomNum, StreamPos};
use ruma::OwnedUserId;
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo, record};

/// An edit to the event whose text it replaces: a redacted edit no longer says so itself.
pub(crate) const EDIT_OF: Table<EventNum, String> =
    Table::new(900, "search_edit_of", Profile::Point, "whose text did this edit replace?");

/// Words of a person's names.
pub(crate) const USER_WORD: Table<(String, String), ()> =
    Table::new(901, "user_directory_word", Profile::Scan, "who has a name with a word like this?");

/// What the user directory knows of a person.
pub(crate) const USER_ENTRY: Table<OwnedUserId, UserEntry> =
    Table::new(902, "user_directory_entry", Profile::Point, "by which words is this person found?");

/// Rooms that anybody may enter or read; whoever is in one may be found by everybody.
pub(crate) const OPEN_ROOM: Table<RoomNum, ()> =
    Table::new(903, "open_room", Profile::Point, "may anybody enter or read this room?");

/// Entries of the room directory.
pub(crate) const LISTED_ROOM: Table<RoomNum, ListedRoom> =
    Table::new(904, "room_directory_entry", Profile::Point, "where and by what is this room listed?");

/// The order of the room directory: complement of the joined members, room; and the type of the room.
pub(crate) const LISTED_BY_SIZE: Table<(u64, RoomNum), String> =
    Table::new(905, "room_directory_order", Profile::Scan, "which public rooms are the largest?");

/// Words of the names, topics and aliases of listed rooms.
pub(crate) const LISTED_WORD: Table<(String, RoomNum), ()> =
    Table::new(906, "room_directory_word", Profile::Scan, "which public room has a word like this?");

/// How many rooms are listed.
pub(crate) const LISTED_COUNT: Table<u8, u64> =
    Table::new(907, "room_directory_count", Profile::Point, "how many rooms are public?");

/// Where the full-text index was last committed, to tell an old copy of its files.
pub(crate) const INDEX_COMMIT: Table<u8, StreamPos> = Table::new(
    908,
    "search_index_commit",
    Profile::Counter,
    "how far was the search index when it was last seen?",
);

/// The words of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UserEntry {
    /// Words of localpart and display name.
    pub words: Vec<String>,
}

/// How a room is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListedRoom {
    /// Joined members.
    pub joined: u64,
    /// The type, empty for an ordinary room.
    pub room_type: String,
    /// Words of name, topic and canonical alias.
    pub words: Vec<String>,
}

record!(UserEntry, ListedRoom);

/// All tables of this crate, for the store and for the catalogue.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![
        EDIT_OF.info(),
        USER_WORD.info(),
        USER_ENTRY.info(),
        OPEN_ROOM.info(),
        LISTED_ROOM.info(),
        LISTED_BY_SIZE.info(),
        LISTED_WORD.info(),
        LISTED_COUNT.info(),
        INDEX_COMMIT.info(),
    ]
}

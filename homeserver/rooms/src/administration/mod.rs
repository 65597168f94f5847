//! What an administrator of the server may do with rooms that they are not in.
//!
//! Nothing here asks who wants it: `http` lets administrators in and the audit stream remembers them.
//! Acts that concern members go through the ordinary door as events of local users, so other servers and
//! clients see nothing unusual. Only purging takes rows away, and only rows of one room.

mod block;
mod history;
mod list;
mod purge;
mod rescue;
#[cfg(test)]
mod tests;

use model::RoomNum;
use ruma::{OwnedRoomId, OwnedUserId};
use store::{Profile, Table, TableInfo};

pub use history::HistoryPurge;
pub use list::{RoomDetails, RoomList, RoomOrder, RoomQuery};

/// Rooms that nobody here may enter: who said so, and when in ms.
pub(crate) const BLOCKED_ROOM: Table<OwnedRoomId, (OwnedUserId, u64)> =
    Table::new(380, "blocked_room", Profile::Point, "may local users enter this room?");

/// The list for the store's catalogue.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![BLOCKED_ROOM.info()]
}

/// Events, or rows, that one step of a purge takes away.
pub(crate) const PURGE_STEP_ROWS: usize = 500;
/// Rooms that a list looks at; beyond it the list is of the oldest ones.
pub(crate) const ROOMS_LISTED_SCAN_MAX: usize = 100_000;
/// Aliases that go with a room.
const ALIASES_PURGED_MAX: usize = 10_000;

/// A room that is being purged; it has no id any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedRoom(pub RoomNum);

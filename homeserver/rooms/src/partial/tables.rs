//! The tables of partial rooms.

use model::{EventNum, RoomNum, StateNum, StreamPos};
use ruma::OwnedServerName;
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo, record};

/// Rooms of which a part of the state is known.
pub const PARTIAL_ROOM: Table<RoomNum, PartialRow> =
    Table::new(395, "partial_room", Profile::Point, "which part of this room's state is missing?");

/// Events that were judged by a part of the state, in the order in which they came.
pub const PARTIAL_EVENT: Table<(RoomNum, StreamPos), PartialEventRow> = Table::new(
    396,
    "partial_event",
    Profile::Queue,
    "which events are to be judged anew with the whole state?",
);

/// When the rest of a room's state came in: the first and the last position.
pub const COMPLETION: Table<RoomNum, (StreamPos, StreamPos)> =
    Table::new(397, "completion", Profile::Point, "since when is the state of this room whole?");

/// The list of this module.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![PARTIAL_ROOM.info(), PARTIAL_EVENT.info(), COMPLETION.info()]
}

/// How a room became partial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartialRow {
    /// The membership event with which this server came in; the state before it is what is missing.
    pub join: EventNum,
    /// Who let this server in.
    pub helper: OwnedServerName,
    /// Servers that were in the room, each of which counts as one member more until the room is whole.
    pub servers: Vec<OwnedServerName>,
    /// The whole state before the membership event is here; what came after it is being judged anew.
    #[serde(default)]
    pub is_state_known: bool,
    /// The ends of the graph as those events leave them that were judged anew so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<EventNum>,
    /// The whole state was told with the join, and a part of it could not be proved then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_all_told: bool,
}
record!(PartialRow);

/// An event that was judged by a part of the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartialEventRow {
    /// The event.
    pub event: EventNum,
    /// States behind parents that were not known when it came, as another server told them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<StateNum>,
    /// It was fetched as history: what was current when it came does not concern it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_history: bool,
}
record!(PartialEventRow);

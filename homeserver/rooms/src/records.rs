//! What the rows of [`crate::tables`] hold: named fields, so that an old row is read by a newer program.

use model::{EventNum, RoomNum, StateNum};
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};
use store::record;

/// What never changes about a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRecord {
    /// The room id.
    pub room_id: OwnedRoomId,
    /// The room version, as written in the create event.
    pub version: String,
}
record!(RoomRecord);

/// The part of an event's row that does not depend on its position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetaRecord {
    /// The room.
    #[serde(rename = "r")]
    pub room: RoomNum,
    /// Whether the event has a place in the timeline; without one the position says nothing.
    #[serde(rename = "t")]
    pub in_timeline: bool,
    /// The state before the event.
    #[serde(rename = "b")]
    pub state_before: StateNum,
    /// The state after the event; the same as before for a message.
    #[serde(rename = "a")]
    pub state_after: StateNum,
    /// Depth as the event claims, clamped to what canonical JSON can hold.
    #[serde(rename = "d")]
    pub depth: u64,
    /// Chain of the auth graph, 0 when the event is no state event.
    #[serde(rename = "c")]
    pub chain: u64,
    /// Place in that chain.
    #[serde(rename = "s")]
    pub sequence: u64,
    /// The event failed the auth rules: never in any state, never shown.
    #[serde(rename = "j", default, skip_serializing_if = "std::ops::Not::not")]
    pub rejected: bool,
    /// The event failed against the current state: usable as ancestor, never shown.
    #[serde(rename = "f", default, skip_serializing_if = "std::ops::Not::not")]
    pub soft_failed: bool,
    /// The event is known and has no state around it: it stands behind others, or came before them.
    #[serde(rename = "l", default, skip_serializing_if = "std::ops::Not::not")]
    pub outlier: bool,
    /// The redaction that emptied the event.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub redacted_by: Option<EventNum>,
    /// Time in ms as the sender claims.
    #[serde(rename = "o")]
    pub origin_server_ts: u64,
    /// The transaction id with which the sending device may recognise its own event.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub sender_txn: Option<TransactionMark>,
    /// The delayed event that this one was, for its sender (MSC4140).
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    pub delay_id: Option<String>,
}
record!(MetaRecord);

/// A transaction id and who may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionMark {
    /// Device id of the sender when there is one, otherwise a token scope.
    #[serde(rename = "s")]
    pub scope: String,
    /// The id as the client wrote it.
    #[serde(rename = "t")]
    pub transaction_id: String,
}

/// The tip of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomHead {
    /// Forward extremities, oldest first.
    #[serde(rename = "e")]
    pub extremities: Vec<EventNum>,
    /// The current state: resolution over the states after all extremities.
    #[serde(rename = "s")]
    pub state: StateNum,
    /// The greatest depth among the extremities.
    #[serde(rename = "d")]
    pub depth: u64,
}
record!(RoomHead);

/// What is missing before an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapRecord {
    /// The parents that this server does not have.
    pub missing: Vec<OwnedEventId>,
    /// It came about while this server followed the room, not when it entered. Written only when it is so, because
    /// rows are compared as bytes and older ones do not have it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wanted: bool,
    /// Depth of the event whose parents were missing first. What is missing now is older than that one, while the event
    /// behind the gap may stand on another branch that says nothing about it. 0 in older rows, and then not written.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub depth: u64,
}
record!(GapRecord);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Stripped state events as JSON texts, each checked to be readable before it was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrippedState {
    /// The events, the invite or knock itself last.
    pub events: Vec<String>,
}
record!(StrippedState);

/// The key of a [`crate::tables::TRANSACTION`] row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionRecord {
    /// Sender.
    pub user: OwnedUserId,
    /// Device or token scope.
    pub scope: String,
    /// Endpoint and room.
    pub endpoint: String,
    /// The client's id.
    pub transaction_id: String,
}
record!(TransactionRecord);

/// A local alias.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasRecord {
    /// The room.
    pub room: RoomNum,
    /// Who made the alias, and may delete it.
    pub creator: OwnedUserId,
}
record!(AliasRecord);

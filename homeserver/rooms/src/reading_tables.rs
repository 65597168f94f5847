//! Tables of the reading side: relations, thread activity, receipts and unread checkpoints.
//!
//! Relation rows are written in the batch of the event itself (see [`crate::index`]); receipts and
//! checkpoints have batches of their own.

use model::{EventNum, RoomNum, StreamPos, TimelinePos};
use ruma::{OwnedEventId, OwnedUserId};
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo, record};

/// Events that relate to a parent, by class of relation and place in the timeline:
/// event, sender, event type, relation type.
pub const RELATION: Table<(RoomNum, OwnedEventId, u8, TimelinePos), (EventNum, OwnedUserId, String, String)> =
    Table::new(360, "relation", Profile::Scan, "which events relate to this one?");

/// Parents that have or had a relation, so that a page of events asks once for all its parents.
pub const RELATED: Table<(RoomNum, OwnedEventId), ()> =
    Table::new(361, "related", Profile::Point, "is it worth looking for relations of this event?");

/// Replies in threads by place in the timeline: sender and thread root.
pub const THREAD_REPLY: Table<(RoomNum, TimelinePos), (OwnedUserId, OwnedEventId)> =
    Table::new(362, "thread_reply", Profile::Scan, "which threads of this room moved last?");

/// The latest receipt by room, user, kind and thread:
/// stream position, timeline position of the event, time in ms, event.
pub const RECEIPT: Table<(RoomNum, OwnedUserId, u8, String), (StreamPos, TimelinePos, u64, OwnedEventId)> =
    Table::new(363, "receipt", Profile::Point, "how far has this user read?");

/// Receipts in stream order: kind, time in ms, event, user, thread. Only the latest of each is kept.
pub const RECEIPT_CHANGE: Table<(RoomNum, StreamPos), (u64, u64, OwnedEventId, OwnedUserId, String)> =
    Table::new(364, "receipt_change", Profile::Scan, "which receipts of this room are newer?");

/// Unread notifications as counted so far; only a short-cut, to be recounted at any time.
pub const UNREAD: Table<(OwnedUserId, RoomNum), UnreadRecord> =
    Table::new(365, "unread", Profile::Point, "up to where were this user's notifications counted?");

/// The list for the store's catalogue.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![
        RELATION.info(),
        RELATED.info(),
        THREAD_REPLY.info(),
        RECEIPT.info(),
        RECEIPT_CHANGE.info(),
        UNREAD.info(),
    ]
}

/// A persisted count of one user in one room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadRecord {
    /// Everything up to this position has been judged.
    #[serde(rename = "p")]
    pub counted_to: i64,
    /// Notifying events that were not read yet, oldest first: position, event, thread (0 is the
    /// main timeline, otherwise index + 1 into `threads`), highlight.
    #[serde(rename = "e")]
    pub entries: Vec<(i64, u64, u32, bool)>,
    /// Thread roots that `entries` point to.
    #[serde(rename = "t")]
    pub threads: Vec<OwnedEventId>,
    /// The user's own latest event in the main timeline and by thread root.
    #[serde(rename = "o", default)]
    pub own: Vec<(Option<OwnedEventId>, i64)>,
}
record!(UnreadRecord);

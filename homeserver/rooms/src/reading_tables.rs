//! Tables of the reading side: relations, thread activity, receipts and unread checkpoints.
//!
//! Relation rows are written in the batch of the event itself (see [`crate::index`]); receipts and
//! checkpoints have batches of their own.

use model::{EventNum, RoomNum, StreamPos, TimelinePos};
use ruma::{OwnedEventId, OwnedUserId};
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo, record};

/// Room, parent, class of relation, place of the child in the timeline.
pub type RelationKey = (RoomNum, OwnedEventId, u8, TimelinePos);
/// Event, sender, event type, relation type.
pub type RelationRow = (EventNum, OwnedUserId, String, String);
/// Room, user, kind, thread.
pub type ReceiptKey = (RoomNum, OwnedUserId, u8, String);
/// Stream position, place of the event in the timeline, time in ms, event.
pub type ReceiptRow = (StreamPos, TimelinePos, u64, OwnedEventId);
/// Kind, time in ms, event, user, thread.
pub type ReceiptChangeRow = (u64, u64, OwnedEventId, OwnedUserId, String);

/// Events that relate to a parent.
pub const RELATION: Table<RelationKey, RelationRow> =
    Table::new(360, "relation", Profile::Scan, "which events relate to this one?");

/// Parents that have or had a relation, so that a page of events asks once for all its parents.
pub const RELATED: Table<(RoomNum, OwnedEventId), ()> =
    Table::new(361, "related", Profile::Point, "is it worth looking for relations of this event?");

/// Replies in threads by place in the timeline: sender and thread root.
pub const THREAD_REPLY: Table<(RoomNum, TimelinePos), (OwnedUserId, OwnedEventId)> =
    Table::new(362, "thread_reply", Profile::Scan, "which threads of this room moved last?");

/// The latest receipt of each kind and thread.
pub const RECEIPT: Table<ReceiptKey, ReceiptRow> =
    Table::new(363, "receipt", Profile::Point, "how far has this user read?");

/// Receipts in stream order; only the latest of each kind and thread is kept.
pub const RECEIPT_CHANGE: Table<(RoomNum, StreamPos), ReceiptChangeRow> =
    Table::new(364, "receipt_change", Profile::Scan, "which receipts of this room are newer?");

/// Unread notifications as counted so far; only a short-cut, to be recounted at any time.
pub const UNREAD: Table<(OwnedUserId, RoomNum), UnreadRecord> =
    Table::new(365, "unread", Profile::Point, "up to where were this user's notifications counted?");

/// Threads that a user followed: position of the last change, and how they stand.
pub const THREAD_SUBSCRIPTION: Table<
    (OwnedUserId, RoomNum, OwnedEventId),
    (StreamPos, ThreadSubscriptionRecord),
> = Table::new(390, "thread_subscription", Profile::Point, "does this user follow this thread?");

/// The last change of each thread that a user followed, in stream order.
pub const THREAD_SUBSCRIPTION_CHANGE: Table<(OwnedUserId, StreamPos), (RoomNum, OwnedEventId)> = Table::new(
    391,
    "thread_subscription_change",
    Profile::Scan,
    "which threads did this user take up since?",
);

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
        THREAD_SUBSCRIPTION.info(),
        THREAD_SUBSCRIPTION_CHANGE.info(),
    ]
}

/// How a thread stands with a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadSubscriptionRecord {
    /// Followed; otherwise given up.
    #[serde(rename = "s")]
    pub subscribed: bool,
    /// A client decided to follow it, not the user.
    #[serde(rename = "a")]
    pub automatic: bool,
}
record!(ThreadSubscriptionRecord);

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

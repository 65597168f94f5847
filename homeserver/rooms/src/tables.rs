//! Every table that the writing side of `rooms` owns.
//!
//! All rows of one event are put by one batch (see [`crate::append`]); nothing outside this crate
//! touches them. The reading side adds its own tables beside this file, state snapshots live in
//! [`crate::resolution`].

use model::{EventNum, RoomNum, StateKeyNum, StreamPos, TimelinePos};
use ruma::{OwnedEventId, OwnedRoomAliasId, OwnedRoomId, OwnedServerName, OwnedUserId};
use store::{Profile, Table, TableInfo};

use crate::stored::StoredEvent;

pub use crate::records::{
    AliasRecord, GapRecord, MetaRecord, RoomHead, RoomRecord, StrippedState, TransactionMark,
    TransactionRecord,
};

/// Room id to short number.
pub const ROOM_NUM: Table<OwnedRoomId, RoomNum> =
    Table::new(300, "room_num", Profile::Point, "which number stands for this room id?");

/// Short number to what never changes about a room.
pub const ROOM: Table<RoomNum, RoomRecord> =
    Table::new(301, "room", Profile::Point, "which id and version does this room have?");

/// Event id to short number.
pub const EVENT_NUM: Table<OwnedEventId, EventNum> =
    Table::new(302, "event_num", Profile::Point, "which number stands for this event id?");

/// The canonical bytes of each event with its id; replaced once, when the event is redacted.
pub const EVENT: Table<EventNum, StoredEvent> =
    Table::new(303, "event", Profile::Blob, "what does this event say?");

/// Where an event stands; the position is outside the record so that the commit can fill it in.
pub const EVENT_META: Table<EventNum, (TimelinePos, MetaRecord)> =
    Table::new(304, "event_meta", Profile::Point, "where is this event, and may it be used?");

/// State key (event type and state key) to short number.
pub const STATE_KEY_NUM: Table<(String, String), StateKeyNum> =
    Table::new(305, "state_key_num", Profile::Point, "which number stands for this state key?");

/// Short number to state key.
pub const STATE_KEY: Table<StateKeyNum, (String, String)> =
    Table::new(306, "state_key", Profile::Point, "which type and state key is this number?");

/// The materialised current state.
pub const CURRENT_STATE: Table<(RoomNum, StateKeyNum), EventNum> =
    Table::new(307, "current_state", Profile::Scan, "what is the current state of this room?");

/// The order in which clients see events; backfilled events have negative positions.
pub const TIMELINE: Table<(RoomNum, TimelinePos), EventNum> =
    Table::new(308, "timeline", Profile::Scan, "which events come next in this room?");

/// The tip of a room. Every append demands the head that it was built on.
pub const HEAD: Table<RoomNum, RoomHead> =
    Table::new(309, "head", Profile::Point, "on what does the next event of this room stand?");

/// Membership by room: position of the change, the member event, membership and flags.
pub const MEMBER: Table<(RoomNum, OwnedUserId), (StreamPos, EventNum, u64)> =
    Table::new(310, "member", Profile::Scan, "who has which membership in this room?");

/// Membership by user: the same row as [`MEMBER`].
pub const ROOM_OF_USER: Table<(OwnedUserId, RoomNum), (StreamPos, EventNum, u64)> =
    Table::new(311, "room_of_user", Profile::Scan, "in which rooms has this user a membership?");

/// Every membership change of a user in stream order: room, member event, membership and flags.
pub const MEMBERSHIP_CHANGE: Table<(OwnedUserId, StreamPos), (RoomNum, EventNum, u64)> =
    Table::new(312, "membership_change", Profile::Scan, "which memberships of this user changed since?");

/// Joined and invited members of a room, as schema 1 had them; empty since.
pub const MEMBER_COUNT_OF_SCHEMA_1: Table<RoomNum, (u64, u64)> =
    Table::new(313, "member_count_of_schema_1", Profile::Counter, "how many were joined, how many invited?");

/// Every change of the current state in stream order: old and new event, 0 for none.
pub const STATE_CHANGE: Table<(RoomNum, StreamPos, StateKeyNum), (EventNum, EventNum)> =
    Table::new(314, "state_change", Profile::Scan, "which state of this room changed since?");

/// What an invited or knocking user may see of a room.
pub const STRIPPED: Table<(OwnedUserId, RoomNum), StrippedState> =
    Table::new(315, "stripped", Profile::Point, "what does the invite to this room show?");

/// Transaction ids: (sender, scope, endpoint and room, transaction id) to event and time in ms.
pub const TRANSACTION: Table<(OwnedUserId, String, String, String), (EventNum, u64)> =
    Table::new(316, "transaction", Profile::Point, "was this request answered before, and with which event?");

/// Transactions by time, so that old ones can be dropped: (time in ms, event) to the key's parts.
pub const TRANSACTION_BY_AGE: Table<(u64, EventNum), TransactionRecord> =
    Table::new(317, "transaction_by_age", Profile::Queue, "which transaction ids are old enough to forget?");

/// Alias to room.
pub const ALIAS: Table<OwnedRoomAliasId, AliasRecord> =
    Table::new(318, "alias", Profile::Point, "which room does this alias name, and who made it?");

/// Aliases by room.
pub const ALIAS_OF_ROOM: Table<(RoomNum, OwnedRoomAliasId), ()> =
    Table::new(319, "alias_of_room", Profile::Scan, "which local aliases name this room?");

/// Rooms in the public directory, with the time of publication in ms.
pub const PUBLISHED: Table<RoomNum, u64> =
    Table::new(320, "published", Profile::Scan, "which rooms does the public directory list?");

/// Events by the time their sender claims.
pub const TIMESTAMP: Table<(RoomNum, u64, TimelinePos), EventNum> =
    Table::new(321, "timestamp", Profile::Scan, "which event of this room is nearest to a time?");

/// Redactions that arrived before the event they redact.
pub const PENDING_REDACTION: Table<(OwnedEventId, EventNum), RoomNum> =
    Table::new(322, "pending_redaction", Profile::Scan, "which redactions wait for this event?");

/// Other servers with joined members in a room, and how many.
pub const ROOM_SERVER: Table<(RoomNum, OwnedServerName), u64> =
    Table::new(323, "room_server", Profile::Scan, "which other servers are in this room?");

/// Rooms in which another server has joined members.
pub const SERVER_ROOM: Table<(OwnedServerName, RoomNum), ()> =
    Table::new(324, "server_room", Profile::Scan, "in which rooms is this server?");

/// Places in timelines before which events are missing.
pub const GAP: Table<(RoomNum, TimelinePos), GapRecord> =
    Table::new(325, "gap", Profile::Scan, "before which event of this room is history missing?");

/// Joined and invited members of a room.
pub const MEMBER_COUNT: Table<RoomNum, (u64, u64)> =
    Table::new(330, "member_count", Profile::Point, "how many are joined, how many invited?");

/// Events that are sticky, with the time in ms at which that ends (MSC4354).
pub const STICKY: Table<(RoomNum, StreamPos), (EventNum, u64)> =
    Table::new(331, "sticky", Profile::Scan, "which events of this room is every member to get?");

/// Sticky events by the time in ms at which that ends.
pub const STICKY_BY_EXPIRY: Table<(u64, RoomNum, StreamPos), ()> =
    Table::new(332, "sticky_by_expiry", Profile::Queue, "which events are sticky no more?");

/// What redacted events said, for a while (MSC2815).
pub const REDACTED_ORIGINAL: Table<EventNum, StoredEvent> =
    Table::new(333, "redacted_original", Profile::Blob, "what did this event say before it was redacted?");

/// Redacted events by the time in ms of their redaction.
pub const REDACTED_BY_AGE: Table<(u64, EventNum), ()> =
    Table::new(334, "redacted_by_age", Profile::Queue, "which originals were kept long enough?");

/// The whole list of this crate, for the store's catalogue.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![
        ROOM_NUM.info(),
        ROOM.info(),
        EVENT_NUM.info(),
        EVENT.info(),
        EVENT_META.info(),
        STATE_KEY_NUM.info(),
        STATE_KEY.info(),
        CURRENT_STATE.info(),
        TIMELINE.info(),
        HEAD.info(),
        MEMBER.info(),
        ROOM_OF_USER.info(),
        MEMBERSHIP_CHANGE.info(),
        MEMBER_COUNT_OF_SCHEMA_1.info(),
        STATE_CHANGE.info(),
        STRIPPED.info(),
        TRANSACTION.info(),
        TRANSACTION_BY_AGE.info(),
        ALIAS.info(),
        ALIAS_OF_ROOM.info(),
        PUBLISHED.info(),
        TIMESTAMP.info(),
        PENDING_REDACTION.info(),
        ROOM_SERVER.info(),
        SERVER_ROOM.info(),
        GAP.info(),
        MEMBER_COUNT.info(),
        STICKY.info(),
        STICKY_BY_EXPIRY.info(),
        REDACTED_ORIGINAL.info(),
        REDACTED_BY_AGE.info(),
    ]
}

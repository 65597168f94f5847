//! The tables of the kit; nobody else reads or writes them.

use std::{collections::BTreeSet, ops::Not};

use bytes::Bytes;
use model::StreamPos;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Profile, Table, TableInfo};

use crate::{letter::Parcel, places::PlaceRow, texts::Lang};

/// A transaction id → what it was.
pub(crate) const TRANSACTIONS: Table<String, TransactionRow> =
    Table::new(2000, "bots_transactions", Profile::Point, "Was this transaction taken already?");
/// The transactions in their order.
pub(crate) const TRANSACTION_ORDER: Table<StreamPos, String> =
    Table::new(2001, "bots_transaction_order", Profile::Queue, "Which transactions came first?");
/// An event that was taken.
pub(crate) const SEEN: Table<OwnedEventId, ()> =
    Table::new(2002, "bots_seen", Profile::Point, "Was this event taken already?");
/// The events in their order.
pub(crate) const SEEN_ORDER: Table<StreamPos, OwnedEventId> =
    Table::new(2003, "bots_seen_order", Profile::Queue, "Which events came first?");
/// Bot and place → what waits for it.
pub(crate) const INBOX: Table<(String, StreamPos), Incoming> =
    Table::new(2004, "bots_inbox", Profile::Queue, "What has this bot still to hear?");
/// Place → what is to be sent.
pub(crate) const OUTBOX: Table<StreamPos, Parcel> =
    Table::new(2005, "bots_outbox", Profile::Queue, "What is still to be sent?");
/// The key of a letter → what it became.
pub(crate) const SENT: Table<String, Sent> =
    Table::new(2006, "bots_sent", Profile::Point, "Which event did this letter become?");
/// An event of ours → the key of its letter.
pub(crate) const LETTER_OF: Table<OwnedEventId, String> =
    Table::new(2007, "bots_letter_of", Profile::Point, "Which letter was this event?");
/// The key of a timer → the timer.
pub(crate) const TIMERS: Table<String, TimerRow> =
    Table::new(2008, "bots_timers", Profile::Point, "When does this timer fire?");
/// Time in milliseconds and key. A row whose timer was moved or cancelled means nothing.
pub(crate) const TIMERS_DUE: Table<(u64, String), ()> =
    Table::new(2009, "bots_timers_due", Profile::Queue, "Which timer fires next?");
/// Bot and room → how the bot is in it.
pub(crate) const ROOMS: Table<(String, OwnedRoomId), RoomRow> =
    Table::new(2010, "bots_rooms", Profile::Point, "Is this bot in this room?");
/// Bot and person → their direct chat.
pub(crate) const DIRECT: Table<(String, OwnedUserId), DirectRow> =
    Table::new(2011, "bots_direct", Profile::Point, "Where do this bot and this person talk?");
/// A user or room → the language of its choice.
pub(crate) const LANGUAGES: Table<String, LanguageRow> =
    Table::new(2012, "bots_languages", Profile::Point, "Which language does this person or room read?");
/// The localpart of a user of ours → how far its account is made.
pub(crate) const ACCOUNTS: Table<String, AccountRow> =
    Table::new(2013, "bots_accounts", Profile::Point, "Was this account made by us?");
/// A reaction to a letter of ours → what it was, for the day it is redacted.
pub(crate) const REACTIONS: Table<OwnedEventId, ReactionRow> =
    Table::new(2014, "bots_reactions", Profile::Point, "Which reaction to which letter was this event?");
/// The day on which something was last needed, in days since 1970, and its name.
pub(crate) const KEPT: Table<(u64, String), ()> =
    Table::new(2015, "bots_kept", Profile::Queue, "What was not needed for long?");
/// Bot and key → the room that the bot has made under it.
pub(crate) const PLACES: Table<(String, String), PlaceRow> =
    Table::new(2017, "bots_places", Profile::Point, "Which room did this bot make for this?");
/// Bot and room → the key of the room.
pub(crate) const PLACE_OF: Table<(String, OwnedRoomId), String> =
    Table::new(2018, "bots_place_of", Profile::Point, "For what did this bot make this room?");

/// Bot and room → the room that took its place.
pub(crate) const SUCCESSORS: Table<(String, OwnedRoomId), OwnedRoomId> =
    Table::new(2019, "bots_successors", Profile::Point, "Which room took the place of this one?");

/// Bot → which descriptions of its commands its rooms have, or wait for.
pub(crate) const DESCRIBED: Table<String, DescribedRow> =
    Table::new(2020, "bots_described", Profile::Point, "Did the commands of this bot change?");
/// Bot and room → for whom its commands are still to be described there.
pub(crate) const UNDESCRIBED: Table<(String, OwnedRoomId), UndescribedRow> =
    Table::new(2021, "bots_undescribed", Profile::Queue, "Where are commands still to be described?");

/// The place of a letter in the outbox and a number → a piece of its file.
pub(crate) const PIECES: Table<(StreamPos, u32), Bytes> =
    Table::new(2022, "bots_file_pieces", Profile::Queue, "What is in the file of this letter?");

/// Stands while what was missed by a restore of a backup has not been read.
pub(crate) const RESTORED: Table<(), ()> = Table::new(
    2023,
    "bots_restored",
    Profile::Point,
    "Are open cards to be read because a backup was restored?",
);

/// All tables of the kit, for opening the bots' store.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    let own = [
        TRANSACTIONS.info(),
        TRANSACTION_ORDER.info(),
        SEEN.info(),
        SEEN_ORDER.info(),
        INBOX.info(),
        OUTBOX.info(),
        SENT.info(),
        LETTER_OF.info(),
        TIMERS.info(),
        TIMERS_DUE.info(),
        ROOMS.info(),
        DIRECT.info(),
        LANGUAGES.info(),
        ACCOUNTS.info(),
        REACTIONS.info(),
        KEPT.info(),
        PLACES.info(),
        PLACE_OF.info(),
        SUCCESSORS.info(),
        DESCRIBED.info(),
        UNDESCRIBED.info(),
        PIECES.info(),
        RESTORED.info(),
    ];
    own.into_iter().chain(crate::crypto::tables::tables()).collect()
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TransactionRow {
    /// SHA-256 of the body.
    pub digest: Vec<u8>,
}

/// An event as it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Incoming {
    /// The event's JSON.
    pub event: String,
    pub received_ms: u64,
    /// It waited for its key long enough.
    #[serde(default)]
    pub is_last_try: bool,
}

impl Incoming {
    pub fn new(event: String, received_ms: u64) -> Self {
        Self { event, received_ms, is_last_try: false }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sent {
    pub room: OwnedRoomId,
    pub event: OwnedEventId,
    /// The day on which the letter was last needed, in days since 1970.
    #[serde(default)]
    pub kept_day: u64,
    /// The reactions that its bot put below it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TimerRow {
    pub bot: String,
    pub at_ms: u64,
    pub payload: Value,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RoomRow {
    /// In it, not only asked, as a transaction said.
    pub is_joined: bool,
    /// The homeserver answered that the bot is in it; the transaction that says so may still be under way.
    #[serde(default)]
    pub has_come: bool,
    #[serde(default)]
    pub is_direct: bool,
    #[serde(default)]
    pub inviter: Option<OwnedUserId>,
}

impl RoomRow {
    /// Whether the bot may speak there.
    pub fn is_there(&self) -> bool {
        self.is_joined || self.has_come
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DirectRow {
    pub room: Option<OwnedRoomId>,
    /// Stands in a room that a request asked for whose answer nobody has seen.
    #[serde(default)]
    pub attempt: Option<String>,
    /// Whether the person came.
    #[serde(default)]
    pub has_met: bool,
    /// How often the person refused to come.
    #[serde(default)]
    pub refusals: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LanguageRow {
    pub lang: Lang,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AccountRow {
    /// Asked for; the answer is not known.
    Asked,
    /// Made, with its name set.
    Made,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReactionRow {
    pub letter: String,
    pub reaction: String,
    pub sender: OwnedUserId,
}

/// What a bot's rooms were last told of its commands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DescribedRow {
    /// SHA-256 over the descriptions in all languages.
    pub digest: Vec<u8>,
    /// The state keys of all commands that were ever described, so that those that are no more can be taken away.
    pub state_keys: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UndescribedRow {
    /// Whose language the descriptions have; without one they have the configured one.
    pub reader: Option<OwnedUserId>,
    /// Whether somebody asked what commands there are, and gets to know the next ones.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub is_asked: bool,
}

store::record!(
    TransactionRow,
    Incoming,
    Sent,
    TimerRow,
    RoomRow,
    DirectRow,
    LanguageRow,
    AccountRow,
    ReactionRow,
    PlaceRow,
    DescribedRow,
    UndescribedRow
);

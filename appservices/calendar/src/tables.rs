//! The tables of this crate. Nobody else may touch them; ids 2600 to 2699 are ours.
//!
//! The owner of a calendar is an address as text: a person's account, or a resource.

use model::StreamPos;
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo, record};

use crate::{
    Busy, Event, Tier,
    ics::{Item, Method},
    sources::{KeptSource, SourceFault},
};

/// One object of a calendar: an event, a series, or an instance without its series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ObjectRow {
    pub item: Item,
    /// When the last of it ends, in milliseconds since 1970; the key in [`ENDS`].
    pub last_ms: u64,
    /// The file as its owner's program wrote it, while nobody changed the event since.
    #[serde(default)]
    pub text: Option<String>,
}
record!(ObjectRow);

impl ObjectRow {
    pub fn event(&self) -> &Event {
        &self.item.event
    }
}

/// What became of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChangeRow {
    pub name: String,
    pub is_removed: bool,
}
record!(ChangeRow);

/// A password for calendar programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PasswordRow {
    /// SHA-256 of it; it is long and random, so nothing slower is needed.
    pub digest: Vec<u8>,
    pub name: String,
    pub made_ms: u64,
}
record!(PasswordRow);

/// The private address of a calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FeedRow {
    pub digest: Vec<u8>,
    pub made_ms: u64,
}
record!(FeedRow);

/// What a calendar elsewhere said when it was looked at last; times are kept of feeds alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct FetchedRow {
    /// When it last answered, in milliseconds since 1970.
    pub at_ms: u64,
    /// When it is asked again.
    pub next_ms: u64,
    /// The times from which and to which `intervals` are complete.
    pub from_ms: u64,
    pub until_ms: u64,
    pub intervals: Vec<Busy>,
    /// Its word for this version.
    #[serde(default)]
    pub etag: Option<String>,
    /// Questions without an answer since the last one with.
    #[serde(default)]
    pub failures: u32,
    /// Why it cannot be counted on, if it cannot.
    #[serde(default)]
    pub trouble: Option<String>,
    /// The same for its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<SourceFault>,
}
record!(FetchedRow);

/// A letter with a calendar that waits to be handed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PostRow {
    pub to: String,
    pub method: Method,
    pub item: Item,
    pub tries: u32,
    /// When it is tried, in milliseconds since 1970.
    pub next_ms: u64,
}
record!(PostRow);
record!(KeptSource);

/// How far a mailbox was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MailPlaceRow {
    /// Within which the numbers of its letters mean the same letters.
    pub uid_validity: u32,
    /// The number of the last letter that was read.
    pub uid: u32,
}
record!(MailPlaceRow);
record!(Tier);

/// (owner, name of the object) → its newest change, and what it is.
pub(crate) const OBJECTS: Table<(String, String), (StreamPos, ObjectRow)> =
    Table::new(2600, "calendar_object", Profile::Scan, "what is in this calendar under this name?");
/// (owner, uid) → the name of its object.
pub(crate) const NAMES: Table<(String, String), String> =
    Table::new(2601, "calendar_name", Profile::Point, "under which name is this event in this calendar?");
/// (owner, change) → what changed. Of each object the newest change alone.
pub(crate) const CHANGES: Table<(String, StreamPos), ChangeRow> =
    Table::new(2602, "calendar_change", Profile::Scan, "what changed in this calendar since then?");
/// The newest change of each calendar.
pub(crate) const NEWEST: Table<String, StreamPos> =
    Table::new(2603, "calendar_newest", Profile::Counter, "has this calendar changed?");
/// The change up to which removals are forgotten.
pub(crate) const FORGOTTEN: Table<String, StreamPos> =
    Table::new(2604, "calendar_forgotten", Profile::Counter, "since which change is everything remembered?");
/// (owner, end of the last instance, name) → nothing.
pub(crate) const ENDS: Table<(String, u64, String), ()> =
    Table::new(2605, "calendar_end", Profile::Scan, "which events are not over by then?");
/// (owner, id) → a password.
pub(crate) const PASSWORDS: Table<(String, String), PasswordRow> =
    Table::new(2606, "calendar_password", Profile::Scan, "which passwords open this calendar?");
/// Owner → the private address of their calendar.
pub(crate) const FEEDS: Table<String, FeedRow> =
    Table::new(2607, "calendar_feed", Profile::Point, "does this calendar have a private address?");
/// SHA-256 of a private address → whose it is.
pub(crate) const FEED_OWNERS: Table<[u8; 32], String> =
    Table::new(2608, "calendar_feed_owner", Profile::Point, "whose calendar has this private address?");
/// (owner, id) → a calendar of theirs elsewhere.
pub(crate) const SOURCES: Table<(String, String), KeptSource> =
    Table::new(2609, "calendar_source", Profile::Scan, "where else does this person have a calendar?");
/// (owner, id) → what that feed said.
pub(crate) const FETCHED: Table<(String, String), FetchedRow> = Table::new(
    2610,
    "calendar_fetched",
    Profile::Blob,
    "when is this person busy by that feed, and can that calendar be asked?",
);

/// Letters with calendars, in the order in which they were written.
pub(crate) const POST: Table<StreamPos, PostRow> =
    Table::new(2611, "calendar_post", Profile::Queue, "which invitations are not handed to the mail server?");

/// Digest of a mailbox's name → how far it was read.
pub(crate) const MAIL_PLACE: Table<[u8; 32], MailPlaceRow> =
    Table::new(2612, "calendar_mail_place", Profile::Counter, "which letters of this mailbox were read?");
/// Digest of a letter's id → nothing.
pub(crate) const MAILS: Table<[u8; 32], ()> =
    Table::new(2613, "calendar_mail", Profile::Point, "has this letter counted already?");
/// Letters that counted, in their order → the digest of their ids.
pub(crate) const MAIL_ORDER: Table<StreamPos, [u8; 32]> =
    Table::new(2614, "calendar_mail_order", Profile::Queue, "which letters counted longest ago?");

/// (owner, account or server) → how much they may know of the owner's time.
pub(crate) const GRANTS: Table<(String, String), Tier> =
    Table::new(2615, "calendar_grant", Profile::Scan, "what may they know of this person's time?");

/// Owners whose account data says what they have granted.
pub(crate) const GRANTS_FOLLOWED: Table<String, ()> = Table::new(
    2616,
    "calendar_grants_followed",
    Profile::Point,
    "do this person's grants stand in account data?",
);

/// All tables of this crate, for the store and for the catalogue.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![
        OBJECTS.info(),
        NAMES.info(),
        CHANGES.info(),
        NEWEST.info(),
        FORGOTTEN.info(),
        ENDS.info(),
        PASSWORDS.info(),
        FEEDS.info(),
        FEED_OWNERS.info(),
        SOURCES.info(),
        FETCHED.info(),
        POST.info(),
        MAIL_PLACE.info(),
        MAILS.info(),
        MAIL_ORDER.info(),
        GRANTS.info(),
        GRANTS_FOLLOWED.info(),
    ]
}

//! The tables of this crate. Nobody else may touch them; ids 2500 to 2519 are ours.

use std::collections::{BTreeMap, BTreeSet};

use calendar::RecurrenceId;
use office::BusyTime;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo, record};

/// A resource is taken by an instance of a meeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BookedRow {
    pub end_ms: u64,
    /// The organiser's name, as whoever comes too late reads it.
    pub by: String,
}
record!(BookedRow);

/// What a dialogue waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Asked {
    /// The title of a new meeting.
    Title,
    /// Who is to come.
    People,
    /// When it is.
    When,
    /// What of a series a command means.
    Scope,
    /// Another time for the meeting with this id, or for one instance of it.
    Counter { case: String, instance: Option<RecurrenceId> },
}

/// A dialogue: what was said so far, and what is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DraftRow {
    /// Where it is talked.
    pub room: OwnedRoomId,
    /// What was said, as one line of a command.
    pub line: String,
    pub asked: Asked,
    /// Whether people were asked for.
    pub has_people: bool,
    /// When it was asked, in ms since 1970.
    pub at_ms: u64,
}
record!(DraftRow);

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sought {
    /// A time for a new meeting.
    Slot,
    /// When people are busy on a day.
    BusyTimes,
}

/// A search that waits for what other platforms say: who typed what, and what is known so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SearchRow {
    pub room: OwnedRoomId,
    pub is_direct: bool,
    pub sender: OwnedUserId,
    pub event_id: OwnedEventId,
    pub received_ms: u64,
    pub thread: Option<OwnedEventId>,
    pub on: Option<String>,
    pub mentions: Vec<OwnedUserId>,
    pub sought: Sought,
    /// What stood behind the word.
    pub text: String,
    /// About whom the platforms were asked.
    pub asked: BTreeSet<OwnedUserId>,
    /// The parts of the question that have no answer yet.
    pub open: BTreeSet<usize>,
    /// What was said of whom; none for those of whom a platform does not say it.
    pub found: BTreeMap<OwnedUserId, Option<Vec<BusyTime>>>,
}
record!(SearchRow);

/// (resource, start in ms, meeting).
pub(crate) const BOOKED: Table<(String, u64, String), BookedRow> =
    Table::new(2500, "meeting_booked", Profile::Scan, "when is this resource taken, and by whom?");
/// Rises with every change of a resource's bookings, so that of two at once the first wins.
pub(crate) const BOOKED_REVISION: Table<String, u64> = Table::new(
    2501,
    "meeting_booked_revision",
    Profile::Counter,
    "how often were this resource's bookings changed?",
);
pub(crate) const DRAFT: Table<OwnedUserId, DraftRow> =
    Table::new(2502, "meeting_draft", Profile::Point, "what is this person being asked?");
/// (meeting, person) who were told once that it is not theirs to decide.
pub(crate) const TOLD: Table<(String, OwnedUserId), ()> =
    Table::new(2503, "meeting_told", Profile::Point, "was this person told that it is not theirs?");
/// The version of the organisation whose leavers were dealt with.
pub(crate) const LEAVERS_DONE: Table<(), u64> =
    Table::new(2504, "meeting_leavers_done", Profile::Counter, "up to which version was it seen who left?");

/// The uid of a meeting's event → the meeting.
pub(crate) const MEETING_OF: Table<String, String> =
    Table::new(2505, "meeting_of_uid", Profile::Point, "which meeting is the event with this uid?");

/// The event of a command → the search that it began.
pub(crate) const SEARCHES: Table<String, SearchRow> =
    Table::new(2506, "meeting_search", Profile::Point, "what does this search wait for?");

/// (meeting, mailbox, method of its letter) → when the bot last answered such a letter by itself, in ms since 1970.
pub(crate) const MAIL_ANSWERED: Table<(String, String, String), u64> = Table::new(
    2507,
    "meeting_mail_answered",
    Profile::Point,
    "when did the bot last answer such a letter of this mailbox?",
);

/// The tables of meetings. Those of cases, people, calendars and working days are theirs.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![
        BOOKED.info(),
        BOOKED_REVISION.info(),
        DRAFT.info(),
        TOLD.info(),
        LEAVERS_DONE.info(),
        MEETING_OF.info(),
        SEARCHES.info(),
        MAIL_ANSWERED.info(),
    ]
}

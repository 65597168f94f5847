//! Meetings in people's calendars, and when people have no time.

use serde::{Deserialize, Serialize};

use super::{EntryHead, Exception};
use crate::PersonId;

/// A meeting of ours, in calendars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// What all entries have.
    #[serde(flatten)]
    pub head: EntryHead,
    /// What it is about, beyond the title; may be empty.
    pub description: String,
    /// Where; may be empty.
    pub location: String,
    /// Who invites, where they are on the platform.
    pub organizer: Option<PersonId>,
    /// Who is invited, at most [`crate::limits::ENTRY_PEOPLE_MAX`].
    pub attendees: Vec<Attendee>,
    /// When it begins, in milliseconds since the Unix epoch; of a series, the first one.
    pub start_ms: u64,
    /// When it ends; of whole days, the end of the last one.
    pub end_ms: u64,
    /// The zone in which it repeats (`Asia/Shanghai`).
    pub zone: String,
    /// Whether it takes whole days of that zone.
    pub is_all_day: bool,
    /// How it repeats, a recurrence rule of RFC 5545 without its name; none for once.
    pub recurrence: Option<String>,
    /// Of a series that ends, when its rule lets the last instance begin.
    #[serde(default)]
    pub last_ms: Option<u64>,
    /// The instances of a series that are not as its rule has them, the earliest first, at most
    /// [`crate::limits::ENTRY_EXCEPTIONS_MAX`].
    #[serde(default)]
    pub exceptions: Vec<Exception>,
    /// Minutes before it at which people are reminded.
    pub reminders_minutes: Vec<u32>,
    /// Whether it does not take place any more.
    pub is_canceled: bool,
}

/// Somebody who is invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// Who.
    #[serde(alias = "account")]
    pub person: PersonId,
    /// Whether it works without them.
    pub is_optional: bool,
    /// What they answered here.
    pub answer: Option<Answer>,
}

/// What somebody answers to an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// They come.
    Accepted,
    /// Perhaps.
    Tentative,
    /// They do not.
    Declined,
}

/// When somebody has no time, as the platform's calendar says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Busy {
    /// Who.
    pub person: PersonId,
    /// Beginning and end in milliseconds since the Unix epoch, and whether it is only tentative; in no order. `None` when the
    /// platform does not say.
    pub times: Option<Vec<(u64, u64, bool)>>,
}

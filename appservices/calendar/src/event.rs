//! The calendar object: one event, or one series of events with its exceptions.
//!
//! Aligned with JSCalendar; times are local times and a zone, because a meeting at ten stays at ten when the clocks change.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;
use ruma::{OwnedEventId, OwnedRoomId};
use serde::{Deserialize, Serialize};

use crate::{Address, Recurrence, Zone};

/// Which instance of a series: its start as the rule has it, in local time of the series' zone. Midnight for all-day
/// events.
pub type RecurrenceId = DateTime;

/// An event or a series of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What it is called on every server and in every client, for ever.
    pub uid: String,
    /// `SEQUENCE`: rises with every change of time, place or recurrence, and with the cancellation.
    pub sequence: u32,
    /// `DTSTAMP`: when this version was made, in milliseconds since 1970.
    pub stamp_ms: u64,
    /// Its title.
    pub title: String,
    /// What it is about; may be empty.
    #[serde(default)]
    pub description: String,
    /// Who owns it. None for an entry of one's own that nobody else is asked to.
    #[serde(default)]
    pub organizer: Option<Party>,
    /// When the first instance begins, in local time of `zone`. Midnight for all-day events.
    pub start: DateTime,
    /// When the first instance ends, in local time of `zone`, exclusive. Midnight for all-day events.
    pub end: DateTime,
    /// The zone of both.
    pub zone: Zone,
    /// Whether it is about whole days.
    #[serde(default)]
    pub all_day: bool,
    /// How it repeats.
    #[serde(default)]
    pub rrule: Option<Recurrence>,
    /// Instances that do not take place.
    #[serde(default)]
    pub exdates: BTreeSet<RecurrenceId>,
    /// Instances that differ from the series.
    #[serde(default)]
    pub overrides: BTreeMap<RecurrenceId, Override>,
    /// Whether it takes place.
    #[serde(default)]
    pub status: EventStatus,
    /// Whether it takes up people's time.
    #[serde(default)]
    pub transparency: Transparency,
    /// Whether its people are away during it (`X-MICROSOFT-CDO-BUSYSTATUS:OOF`).
    #[serde(default)]
    pub out_of_office: bool,
    /// Where it is.
    #[serde(default)]
    pub location: Option<String>,
    /// Where to talk.
    #[serde(default)]
    pub conference: Option<Conference>,
    /// Who is asked to come.
    #[serde(default)]
    pub attendees: Vec<Attendee>,
    /// How many minutes before the start people are reminded.
    #[serde(default)]
    pub reminders: Vec<u32>,
    /// The root of the thread with its minutes.
    #[serde(default)]
    pub minutes_event: Option<OwnedEventId>,
    /// The room of the meeting.
    #[serde(default)]
    pub room_id: Option<OwnedRoomId>,
}

/// What is different in one instance of a series; what is none here is as in the series.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// When it begins instead, in local time of the series' zone.
    #[serde(default)]
    pub start: Option<DateTime>,
    /// When it ends instead, in local time of the series' zone, exclusive.
    #[serde(default)]
    pub end: Option<DateTime>,
    /// Its title.
    #[serde(default)]
    pub title: Option<String>,
    /// What it is about.
    #[serde(default)]
    pub description: Option<String>,
    /// Where it is.
    #[serde(default)]
    pub location: Option<String>,
    /// Whether it takes place.
    #[serde(default)]
    pub status: Option<EventStatus>,
    /// Answers to this instance alone: address and answer.
    #[serde(default)]
    pub answers: BTreeMap<Address, Partstat>,
}

/// Whether an event takes place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// Perhaps.
    Tentative,
    /// Yes.
    #[default]
    Confirmed,
    /// No.
    Cancelled,
}

/// Whether an event takes up time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transparency {
    /// Its people are busy during it.
    #[default]
    Opaque,
    /// They are free all the same.
    Transparent,
}

/// Where to talk during an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conference {
    /// The kind of it.
    pub kind: ConferenceKind,
    /// The link.
    pub url: String,
    /// The room of a call in Matrix.
    #[serde(default)]
    pub room_id: Option<OwnedRoomId>,
}

/// The kinds of conferences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConferenceKind {
    /// A call in a Matrix room.
    ElementCall,
    /// A room of a Jitsi server.
    Jitsi,
    /// Any other link.
    Url,
}

/// An organiser: an address, and the name that is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// How they are reached.
    pub address: Address,
    /// Their name; may be empty.
    #[serde(default)]
    pub name: String,
}

/// Somebody who is asked to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// How they are reached.
    pub address: Address,
    /// Their name; may be empty.
    #[serde(default)]
    pub name: String,
    /// Whether they are needed.
    #[serde(default)]
    pub role: Role,
    /// What they answered.
    #[serde(default)]
    pub partstat: Partstat,
    /// The sequence of the version that they answered to.
    #[serde(default)]
    pub answered_sequence: u32,
    /// The `DTSTAMP` of their answer, in milliseconds since 1970; 0 before any.
    #[serde(default)]
    pub answered_ms: u64,
}

/// Whether an attendee is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Leads it.
    Chair,
    /// Is needed.
    #[default]
    Required,
    /// May come.
    Optional,
}

/// What an attendee answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Partstat {
    /// Nothing yet.
    #[default]
    NeedsAction,
    /// Comes.
    Accepted,
    /// Perhaps.
    Tentative,
    /// Does not come.
    Declined,
    /// Somebody else comes instead.
    Delegated,
}

impl Event {
    /// An event of one's own, with nothing but what every event has.
    #[must_use]
    pub fn new(
        uid: impl Into<String>,
        title: impl Into<String>,
        start: DateTime,
        end: DateTime,
        zone: Zone,
    ) -> Self {
        Self {
            uid: uid.into(),
            sequence: 0,
            stamp_ms: 0,
            title: title.into(),
            description: String::new(),
            organizer: None,
            start,
            end,
            zone,
            all_day: false,
            rrule: None,
            exdates: BTreeSet::new(),
            overrides: BTreeMap::new(),
            status: EventStatus::default(),
            transparency: Transparency::default(),
            out_of_office: false,
            location: None,
            conference: None,
            attendees: Vec::new(),
            reminders: Vec::new(),
            minutes_event: None,
            room_id: None,
        }
    }

    /// The attendee with this address.
    #[must_use]
    pub fn attendee(&self, address: &Address) -> Option<&Attendee> {
        self.attendees.iter().find(|attendee| attendee.address == *address)
    }
}

//! A meeting: the calendar's event or series, and what the bot knows besides.

use std::collections::{BTreeMap, BTreeSet};

use calendar::{Address, Attendee, Event, Occurrence, Partstat, RecurrenceId, Role};
use jiff::civil::DateTime;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId, UserId};
use serde::{Deserialize, Serialize};

use crate::{minutes::Kind, own_room::OwnRoom};

/// The states of a meeting. A series is scheduled again after each instance.
pub mod state {
    /// A time is looked for.
    pub const FINDING: &str = "finding";
    /// It will take place.
    pub const SCHEDULED: &str = "scheduled";
    /// It takes place.
    pub const LIVE: &str = "live";
    /// It is over.
    pub const ENDED: &str = "ended";
    /// Its minutes are summed up.
    pub const MINUTED: &str = "minuted";
    /// It does not take place.
    pub const CANCELLED: &str = "cancelled";
}

/// What a meeting's case holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// What calendars know of it.
    pub event: Event,
    /// Where it was asked for, and where its card for everybody stands.
    pub home: Home,
    /// The slots, while a time is looked for and after.
    #[serde(default)]
    pub finding: Option<Finding>,
    /// The instance that is next or under way.
    #[serde(default)]
    pub round: Option<Round>,
    /// The minutes of the newest instances, the oldest first.
    #[serde(default)]
    pub minutes: Vec<Minutes>,
    /// Other times that attendees proposed and the organiser has not answered.
    #[serde(default)]
    pub counters: Vec<Counter>,
    /// Who asked to be let in and waits for the organiser.
    #[serde(default)]
    pub strangers: BTreeSet<Address>,
    /// Whether somebody took it over: the direct chat in which it was asked for is not theirs.
    #[serde(default)]
    pub is_taken_over: bool,
    /// When it is cancelled because its organiser left, in ms since 1970.
    #[serde(default)]
    pub orphaned_until_ms: Option<u64>,
    /// The room that the bot makes for it; none where people talk elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<OwnRoom>,
    /// The mailboxes that were asked to it and are no more, the latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<String>,
}

/// Where a meeting was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// The room; none for the direct chat of an organiser who asked by a calendar program.
    pub room: Option<OwnedRoomId>,
    /// The message, if there was one.
    pub event: Option<OwnedEventId>,
    /// Whether the room is the direct chat of the organiser.
    pub is_direct: bool,
}

/// A time is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How long it takes, in minutes.
    pub length_minutes: u32,
    /// The proposals, the earliest first.
    pub slots: Vec<Proposed>,
    /// Who can come when: slots counted from 0.
    #[serde(default)]
    pub votes: BTreeMap<OwnedUserId, BTreeSet<usize>>,
    /// Whether the poll is over.
    #[serde(default)]
    pub is_closed: bool,
}

/// A proposed slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// When it begins, in local time of the meeting's zone.
    pub start: DateTime,
    /// The same in ms since 1970.
    pub start_ms: u64,
    /// How many people were known to be free.
    pub free: usize,
}

/// An instance whose reminders, start and end are waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Which instance.
    pub id: RecurrenceId,
    /// When it begins, in ms since 1970.
    pub start_ms: u64,
    /// When it ends, in ms since 1970.
    pub end_ms: u64,
    /// When it begins, in local time of the meeting's zone.
    pub start: DateTime,
    /// When it ends, in local time of the meeting's zone.
    pub end: DateTime,
    /// Whether its local time does not exist that day and was moved forward.
    #[serde(default)]
    pub was_moved: bool,
    /// The reminders that went out, in minutes before the start.
    #[serde(default)]
    pub reminded: BTreeSet<u32>,
    /// Who was seen there.
    #[serde(default)]
    pub present: BTreeSet<OwnedUserId>,
}

/// The minutes of one instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minutes {
    /// Which instance.
    pub id: RecurrenceId,
    /// When it began, in local time of the meeting's zone.
    pub start: DateTime,
    /// The lines, in order.
    #[serde(default)]
    pub lines: Vec<Line>,
    /// How many lines were summed up.
    #[serde(default)]
    pub summed: usize,
}

/// A line of minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Who wrote it.
    pub by: OwnedUserId,
    /// What it is.
    pub kind: Kind,
    /// What it says.
    pub text: String,
}

/// Another time that somebody proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// What it is called in this meeting.
    pub number: u32,
    /// Who proposed it.
    pub by: Address,
    /// For which instance; the series where it is none.
    pub instance: Option<RecurrenceId>,
    /// When it would begin, in local time of the meeting's zone.
    pub start: DateTime,
    /// When it would end.
    pub end: DateTime,
}

impl Meeting {
    /// A meeting of which nothing has happened yet.
    #[must_use]
    pub fn new(event: Event, home: Home, finding: Option<Finding>) -> Self {
        Self {
            event,
            home,
            finding,
            round: None,
            minutes: Vec::new(),
            counters: Vec::new(),
            strangers: BTreeSet::new(),
            is_taken_over: false,
            orphaned_until_ms: None,
            room: None,
            former: Vec::new(),
        }
    }

    /// Who organises it. Meetings of the bot always have one with an account.
    #[must_use]
    pub fn organizer(&self) -> Option<&UserId> {
        match &self.event.organizer.as_ref()?.address {
            Address::Matrix(user) => Some(user),
            Address::Email(_)
            | Address::Dingtalk(_)
            | Address::Feishu(_)
            | Address::Wecom(_)
            | Address::Resource(_) => None,
        }
    }

    /// Whether this account organises it.
    #[must_use]
    pub fn is_organized_by(&self, user: &UserId) -> bool {
        self.organizer() == Some(user)
    }

    /// The attendees with accounts here, the organiser left out.
    pub fn guests(&self) -> impl Iterator<Item = (&OwnedUserId, &Attendee)> {
        let organizer = self.organizer();
        self.event.attendees.iter().filter_map(move |attendee| match &attendee.address {
            Address::Matrix(user) if Some(&**user) != organizer => Some((user, attendee)),
            _ => None,
        })
    }

    /// The attendees that are people, without resources and without the organiser.
    pub fn people(&self) -> impl Iterator<Item = &Attendee> {
        let organizer = self.event.organizer.as_ref().map(|party| &party.address);
        self.event.attendees.iter().filter(move |attendee| {
            !matches!(attendee.address, Address::Resource(_)) && Some(&attendee.address) != organizer
        })
    }

    /// The names of its resources.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.event.attendees.iter().filter_map(|attendee| match &attendee.address {
            Address::Resource(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Everybody with an account whom it concerns: organiser and guests.
    #[must_use]
    pub fn accounts(&self) -> BTreeSet<OwnedUserId> {
        let guests = self.guests().map(|(user, _)| user.clone());
        guests.chain(self.organizer().map(ToOwned::to_owned)).collect()
    }

    /// Whether it concerns this account.
    #[must_use]
    pub fn concerns(&self, user: &UserId) -> bool {
        self.is_organized_by(user) || self.guests().any(|(guest, _)| guest == user)
    }

    /// What somebody answered to an instance: the answer to it alone, else the one to the series.
    #[must_use]
    pub fn answer(&self, attendee: &Attendee, instance: Option<RecurrenceId>) -> Partstat {
        let own = instance.and_then(|id| self.event.overrides.get(&id)?.answers.get(&attendee.address));
        own.copied().unwrap_or(attendee.partstat)
    }

    /// The guests who come to an instance, or may: all who have not declined it.
    pub fn expected(&self, instance: RecurrenceId) -> impl Iterator<Item = &OwnedUserId> {
        self.guests()
            .filter(move |(_, attendee)| self.answer(attendee, Some(instance)) != Partstat::Declined)
            .map(|(user, _)| user)
    }

    /// Whether it repeats.
    #[must_use]
    pub fn is_series(&self) -> bool {
        self.event.rrule.is_some()
    }

    /// The minutes of an instance.
    #[must_use]
    pub fn minutes_of(&self, id: RecurrenceId) -> Option<&Minutes> {
        self.minutes.iter().find(|minutes| minutes.id == id)
    }
}

impl Round {
    /// An instance that nobody was reminded of.
    #[must_use]
    pub fn of(occurrence: &Occurrence) -> Self {
        Self {
            id: occurrence.id,
            start_ms: occurrence.start_ms,
            end_ms: occurrence.end_ms,
            start: occurrence.start,
            end: occurrence.end,
            was_moved: occurrence.was_moved,
            reminded: BTreeSet::new(),
            present: BTreeSet::new(),
        }
    }
}

/// Somebody who is asked and has not answered.
#[must_use]
pub fn asked(address: Address, name: String, role: Role) -> Attendee {
    Attendee { address, name, role, partstat: Partstat::NeedsAction, answered_sequence: 0, answered_ms: 0 }
}

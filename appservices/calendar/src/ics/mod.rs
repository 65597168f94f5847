//! iCalendar (RFC 5545) in and out, by the library that reads and writes it.
//!
//! What comes in is measured before it is parsed, and its events are judged when they become ours
//! ([`crate::Event::check`]); what goes out names every zone that it uses.

mod busy;
mod carets;
mod fields;
mod measure;
mod read;
mod times;
mod write;

use calcard::icalendar::ICalendarMethod;
use serde::{Deserialize, Serialize};

pub use self::{
    busy::{read_busy, write_busy},
    read::{read, read_feed},
    write::{write, write_item},
};
pub(crate) use self::{
    times::{civil, partial},
    write::write_expanded,
};
use crate::{Event, RecurrenceId};

/// What a calendar says that is sent to somebody (RFC 5546).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// For information.
    Publish,
    /// The organiser asks people to come, or tells of a change.
    Request,
    /// An attendee answers.
    Reply,
    /// The organiser adds an instance.
    Add,
    /// The organiser cancels.
    Cancel,
    /// An attendee asks for the newest version.
    Refresh,
    /// An attendee proposes another time.
    Counter,
    /// The organiser says no to a proposal.
    DeclineCounter,
}

/// What was in a file: for each uid the event or series, and each instance that came without its series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calendar {
    /// What the sender wants with it.
    pub method: Option<Method>,
    /// The events, in the order of the file.
    pub items: Vec<Item>,
    /// Events that could not be read, and why.
    pub skipped: Vec<String>,
}

/// An event, or one instance of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The event; if it is an instance, with the times of that one.
    pub event: Event,
    /// Which instance of the series of this uid it is; none for an event or a whole series.
    #[serde(default)]
    pub instance: Option<RecurrenceId>,
}

impl From<Event> for Item {
    fn from(event: Event) -> Self {
        Self { event, instance: None }
    }
}

impl Method {
    const fn to_library(self) -> ICalendarMethod {
        match self {
            Self::Publish => ICalendarMethod::Publish,
            Self::Request => ICalendarMethod::Request,
            Self::Reply => ICalendarMethod::Reply,
            Self::Add => ICalendarMethod::Add,
            Self::Cancel => ICalendarMethod::Cancel,
            Self::Refresh => ICalendarMethod::Refresh,
            Self::Counter => ICalendarMethod::Counter,
            Self::DeclineCounter => ICalendarMethod::Declinecounter,
        }
    }

    const fn of_library(method: &ICalendarMethod) -> Self {
        match method {
            ICalendarMethod::Publish => Self::Publish,
            ICalendarMethod::Request => Self::Request,
            ICalendarMethod::Reply => Self::Reply,
            ICalendarMethod::Add => Self::Add,
            ICalendarMethod::Cancel => Self::Cancel,
            ICalendarMethod::Refresh => Self::Refresh,
            ICalendarMethod::Counter => Self::Counter,
            ICalendarMethod::Declinecounter => Self::DeclineCounter,
        }
    }

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "PUBLISH",
            Self::Request => "REQUEST",
            Self::Reply => "REPLY",
            Self::Add => "ADD",
            Self::Cancel => "CANCEL",
            Self::Refresh => "REFRESH",
            Self::Counter => "COUNTER",
            Self::DeclineCounter => "DECLINECOUNTER",
        }
    }
}

//! Calendars of people: events and series, iCalendar, who may change what, when people are busy, and the doors for
//! calendar programs.
//!
//! [`Event`] is the calendar object. Pure rules: [`ics`] (files), `expand` (instances), [`itip`] (messages), [`slots`]
//! (when people could meet). [`Calendars`] keeps calendars, passwords and addresses of people and knows when they are
//! busy, by the own store and by calendars elsewhere; [`Doors`] are what calendar programs speak to; [`Mailbox`] reads what is answered by
//! mail; [`questions`] answers the homeserver for servers of partners. This crate never
//! talks in rooms: what a change means for people is the meetings bot's, behind [`Scheduling`]. Read `event.rs` first.

mod address;
mod asked;
mod availability;
mod change;
mod dav;
mod error;
mod event;
mod expand;
pub mod ics;
mod imip;
pub mod itip;
pub mod limits;
mod mailbox;
mod recurrence;
mod service;
pub mod slots;
mod sources;
mod tables;
#[cfg(test)]
mod tests;
mod time;
mod zone;

pub use self::{
    address::{Address, NotAnAddress},
    asked::questions,
    dav::{Change, Doors, PATHS, ROOT, Refused, Scheduling, WELL_KNOWN_PATH, What},
    error::CalendarError,
    event::{
        Attendee, Conference, ConferenceKind, Event, EventStatus, Override, Partstat, Party, RecurrenceId,
        Role, Transparency,
    },
    expand::Occurrence,
    mailbox::{Mailbox, MailboxSettings, Returns},
    recurrence::Recurrence,
    service::{Asker, Availability, Calendars, CalendarsParts, FreeBusy, Home, HomeError, Password, Tier},
    sources::{FirstLook, FirstLooks, KeptSource, Seen, Source, SourceFault},
    tables::tables,
    time::{Busy, BusyKind, Schedule, Span},
    zone::{Moment, Zone},
};

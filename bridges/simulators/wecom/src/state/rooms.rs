//! Meeting rooms of the organisation, and who has them when.

use std::collections::BTreeMap;

use serde_json::Value;

/// A meeting room and what is booked in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room {
    /// What was said of it.
    pub(crate) body: Value,
    /// By the ids of their meetings.
    pub(crate) bookings: BTreeMap<String, Booking>,
}

/// A span of time in which somebody has a room, in seconds since the Unix epoch.
#[derive(Clone, Debug)]
pub(crate) struct Booking {
    /// The app that booked it, which alone gives it back.
    pub(crate) agent: u64,
    /// What stands in the calendars of who booked it and who comes.
    pub(crate) schedule: String,
    pub(crate) start_s: u64,
    pub(crate) end_s: u64,
    /// Who booked it, by folded id.
    pub(crate) booker: String,
}

impl Room {
    /// What takes a part of a span of time.
    pub(crate) fn within(&self, start_s: u64, end_s: u64) -> impl Iterator<Item = (&String, &Booking)> {
        self.bookings.iter().filter(move |(_, one)| one.start_s < end_s && start_s < one.end_s)
    }
}

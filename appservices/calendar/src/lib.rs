//! Calendars of people.

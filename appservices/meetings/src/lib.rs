//! Meetings in any Matrix client: booked in a line, found by a poll, answered by a tap, minuted in a thread.
//!
//! The law is pure: `act` takes a meeting, what somebody does and the world, and gives the meeting afterwards, its records
//! and its effects, or a refusal; `line` reads commands, `hours` knows when people work, `card` says what people see. What
//! an event is, when it repeats and when people are busy is the calendar's. `wire` is the edge: it turns messages, votes
//! and reactions into actions, and effects into letters and timers, all in one batch. Read `meeting.rs`, then
//! `act/mod.rs`, then `wire/mod.rs`.

pub mod act;
mod beyond;
mod calendar_event;
mod card;
mod desk;
mod effect;
mod error;
mod former;
pub mod hours;
pub mod limits;
pub mod line;
pub mod meeting;
mod minutes;
pub mod own_room;
mod poll;
mod rule_words;
mod settings;
mod tables;
#[cfg(test)]
mod tests;
mod texts;
mod wire;
mod world;

pub use self::{
    desk::{Actor, Asks, Booking, Effect, ORIGIN, Shown, Tell, World},
    error::MeetingsError,
    minutes::Kind,
    settings::{Conferencing, Settings},
    tables::tables,
    texts::TEXTS,
    wire::{Homeserver, KIND, LOCALPART, Meetings, MeetingsParts, Post, TodoLine, Todos},
};

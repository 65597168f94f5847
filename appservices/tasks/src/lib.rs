//! Tasks in any Matrix client: who does what by when, how far it is, and a word in time.
//!
//! The law is pure: `act` takes a task, what somebody does and the organisation, and gives the task afterwards, its
//! records and its effects, or a refusal; `card`, `board` and `digest` say what people see; `line` and `minutes` read what
//! they write. `wire` is the edge: it turns messages and reactions into actions, and effects into letters and timers, all
//! in one batch. Read `task.rs`, then `act/mod.rs`, then `wire/mod.rs`.

mod act;
mod blank;
mod board;
mod buttons;
mod card;
mod desk;
mod digest;
pub mod limits;
mod line;
mod minutes;
mod repeat;
mod span;
mod tables;
mod task;
mod template;
#[cfg(test)]
mod tests;
mod texts;
mod wire;

pub use office::OfficeError;

pub use self::{
    desk::ORIGIN,
    minutes::{Proposal, Todo, todo_of},
    tables::tables,
    texts::TEXTS,
    wire::{Hook, KIND, LOCALPART, Tasks, TasksParts, propose},
};

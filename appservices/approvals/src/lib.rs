//! Approvals in any Matrix client: a form goes through people's hands, and what they decided can be proved later.
//!
//! The law is pure: `act` takes a case, what somebody does and the organisation, and gives the case afterwards, its
//! records and its effects, or a refusal; `flow` knows who is asked next; `card` says what people see, `paper` what
//! they print. `wire` is the
//! edge: it turns messages and reactions into actions, and effects into letters and timers, all in one batch. `web` is
//! the form in a browser, for whoever has a link.
//! Read `instance.rs`, then `act/mod.rs`, then `wire/mod.rs`.

pub mod act;
mod card;
mod desk;
mod flow;
pub mod instance;
pub mod limits;
pub mod mail;
mod origin;
mod paper;
mod shipped;
mod steps;
mod tables;
mod task;
pub mod template;
#[cfg(test)]
mod tests;
mod texts;
pub mod web;
mod wire;

pub use office::OfficeError;

pub use self::{
    desk::{Actor, Delegation, Effect, Shown, Tell, Under, World},
    flow::ADMINISTRATORS,
    origin::origin_of,
    steps::steps_without_people,
    tables::tables,
    texts::TEXTS,
    wire::{Approvals, KIND, LOCALPART},
};

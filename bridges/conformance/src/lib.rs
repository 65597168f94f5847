//! What every connector must do, tried on its simulator: each ability by itself, then everything that can go wrong.
//!
//! A [`Platform`] lets the suite act as people and as bad luck on one simulated network; a [`Stage`] runs a connector in front of
//! it with an inbox in memory, as the core of the bridges would. [`report`] runs everything and says what passed; `ROADMAP.md`
//! is written from that. Knows neither Matrix nor the core.
#![expect(
    clippy::expect_used,
    reason = "this crate is test code: a broken expectation has to stop the case where it happens"
)]

mod abilities;
mod case;
mod control;
mod door;
mod inbox;
pub mod limits;
mod people;
mod platform;
pub mod platforms;
mod report;
mod roadmap;
mod scene;
mod shelf;
mod stage;
mod troubles;

pub use self::{
    abilities::card,
    case::{Case, Direction},
    inbox::MemoryInbox,
    platform::{Platform, Start},
    report::{Outcome, Report, Result, report},
    roadmap::{between_marks, table},
    scene::{Fault, FaultKind, Given, Said, Shown},
    shelf::MemoryShelf,
    stage::{Stage, outgoing},
};

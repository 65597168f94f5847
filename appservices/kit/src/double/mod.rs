//! For tests of bots: a homeserver in memory, and a stage on which a bot and people meet. Nothing here knows time; a
//! test moves the clock and says when everything is to settle.

#![expect(
    clippy::expect_used,
    reason = "this is test code: a broken expectation has to stop the test where it happens"
)]

mod absences;
mod deeds;
mod files;
mod first_logins;
mod homeserver;
mod keys;
mod levers;
mod looks;
mod reading;
mod rooms;
mod stage;

pub use self::{
    absences::Absence,
    homeserver::{Double, Fault},
    reading::{Cast, transcripts},
    stage::{Play, Stage},
};

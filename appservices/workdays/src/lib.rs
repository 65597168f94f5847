//! When people work: days off and days made up for, zones, quiet hours, and the words by which people name days.
//!
//! Everything but [`Workdays`] is pure: a function of what was written and of now. [`WorkCalendar`] knows which days are
//! worked, [`read_when`] reads `明天 10:00` or `next mon`, [`duration_ms`] reads `1h30m`, [`Quiet`] says when nobody
//! is to be woken. [`Workdays`] keeps the imported calendar. This crate knows neither rooms nor people.

mod calendar;
mod duration;
mod error;
mod import;
pub mod limits;
mod quiet;
mod service;
mod tables;
#[cfg(test)]
mod tests;
mod words;
mod zone;

pub use self::{
    calendar::{SpecialDay, WorkCalendar},
    duration::duration_ms,
    error::WorkdaysError,
    quiet::Quiet,
    service::{Imported, Workdays},
    tables::tables,
    words::{When, read_when},
    zone::{DEFAULT_ZONE, default_zone, local, morning_after, named_zone, to_ms},
};

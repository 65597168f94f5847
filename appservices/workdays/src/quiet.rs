//! Hours in which nobody is to be woken.

use jiff::{civil::Time, tz::TimeZone};

use crate::{local, to_ms};

/// Quiet hours, from one time of the day to another, over midnight where the first is later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// When they begin.
    pub from: Time,
    /// When they end; the same as `from` means never quiet.
    pub to: Time,
}

impl Default for Quiet {
    /// From nine in the evening to eight in the morning.
    fn default() -> Self {
        Self { from: Time::constant(21, 0, 0, 0), to: Time::constant(8, 0, 0, 0) }
    }
}

impl Quiet {
    /// Whether it is quiet at a time of the day.
    #[must_use]
    pub fn holds(&self, time: Time) -> bool {
        if self.from <= self.to {
            self.from <= time && time < self.to
        } else {
            time >= self.from || time < self.to
        }
    }

    /// The first moment at or after this one that is not quiet where somebody is.
    #[must_use]
    pub fn after(&self, at_ms: u64, zone: &TimeZone) -> u64 {
        let now = local(at_ms, zone);
        if !self.holds(now.time()) {
            return at_ms;
        }
        let ends_today = now.time() < self.to;
        let day = if ends_today { now.date() } else { now.date().tomorrow().unwrap_or(now.date()) };
        to_ms(day.to_datetime(self.to), zone)
    }
}

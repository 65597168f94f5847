//! Which days are worked: Monday to Friday, but for what a list says.

use std::collections::BTreeMap;

use jiff::{ToSpan as _, civil::Date};

use crate::limits::LOOK_AHEAD_DAYS_MAX;

/// A day that is not what its weekday says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecialDay {
    /// The day.
    pub date: Date,
    /// Whether it is worked: a day that is made up for, not a holiday.
    pub is_worked: bool,
    /// What the day is called; may be empty.
    pub name: String,
}

/// The days that are worked. The default knows no holidays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkCalendar {
    special: BTreeMap<Date, SpecialDay>,
}

impl WorkCalendar {
    /// Monday to Friday, but for these days. Of two about one day the last counts.
    #[must_use]
    pub fn new(special: impl IntoIterator<Item = SpecialDay>) -> Self {
        Self { special: special.into_iter().map(|day| (day.date, day)).collect() }
    }

    /// Whether a day is worked.
    #[must_use]
    pub fn is_working(&self, date: Date) -> bool {
        match self.special.get(&date) {
            Some(day) => day.is_worked,
            None => date.weekday().to_monday_zero_offset() < 5,
        }
    }

    /// What a day is called, where the list says so.
    #[must_use]
    pub fn name(&self, date: Date) -> Option<&str> {
        self.special.get(&date).map(|day| day.name.as_str()).filter(|name| !name.is_empty())
    }

    /// The first working day after a day; the next day where there is none within a year.
    #[must_use]
    pub fn next_working(&self, date: Date) -> Date {
        let following = |days: usize| date.saturating_add(i64::try_from(days).unwrap_or(1).days());
        (1..=LOOK_AHEAD_DAYS_MAX)
            .map(following)
            .find(|day| self.is_working(*day))
            .unwrap_or_else(|| following(1))
    }

    /// How many days from `first` to `last`, both counted in, are worked; none where `last` is before `first`. Time
    /// spent grows with the span, so callers bound it.
    #[must_use]
    pub fn working_days(&self, first: Date, last: Date) -> u32 {
        let days = first.series(1.day()).take_while(|day| *day <= last);
        u32::try_from(days.filter(|day| self.is_working(*day)).count()).unwrap_or(u32::MAX)
    }
}

//! Working hours of people in their zones, and when something is free next. Pure.

use calendar::{Span, Zone};
use jiff::{ToSpan as _, civil::Time};
use workdays::WorkCalendar;

use crate::limits::SEARCH_DAYS_MAX;

/// From when until when people work on a working day, in local time of their zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// When they begin.
    pub begin: Time,
    /// When they end.
    pub end: Time,
}

impl Default for Hours {
    fn default() -> Self {
        Self { begin: Time::constant(9, 0, 0, 0), end: Time::constant(18, 0, 0, 0) }
    }
}

impl Hours {
    /// Reads `09:00-18:00`; nothing where it is none, or ends before it begins.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (begin, end) = text.split_once('-')?;
        let hours = Self { begin: begin.trim().parse().ok()?, end: end.trim().parse().ok()? };
        (hours.begin < hours.end).then_some(hours)
    }

    /// What both have in common; nothing where that is nothing.
    #[must_use]
    pub fn and(self, other: Self) -> Option<Self> {
        let both = Self { begin: self.begin.max(other.begin), end: self.end.min(other.end) };
        (both.begin < both.end).then_some(both)
    }

    /// The working hours of a zone within a time, in order; of at most [`SEARCH_DAYS_MAX`] days.
    #[must_use]
    pub fn within(self, within: Span, zone: &Zone, calendar: &WorkCalendar) -> Vec<Span> {
        let first = zone.local(within.from_ms).date();
        let days = first.series(1.day()).take(SEARCH_DAYS_MAX).filter(|day| calendar.is_working(*day));
        let spans = days.map(|day| Span {
            from_ms: zone.at(day.to_datetime(self.begin)).at_ms,
            until_ms: zone.at(day.to_datetime(self.end)).at_ms,
        });
        spans.filter_map(|span| common(span, within)).collect()
    }
}

fn common(one: Span, other: Span) -> Option<Span> {
    let both = Span { from_ms: one.from_ms.max(other.from_ms), until_ms: one.until_ms.min(other.until_ms) };
    (both.from_ms < both.until_ms).then_some(both)
}

/// The times that two have in common; both are in order, and none of one list meets another of it.
#[must_use]
pub fn in_both(one: &[Span], other: &[Span]) -> Vec<Span> {
    let (mut both, mut left, mut right) = (Vec::new(), 0, 0);
    while let (Some(a), Some(b)) = (one.get(left), other.get(right)) {
        both.extend(common(*a, *b));
        if a.until_ms <= b.until_ms { left += 1 } else { right += 1 }
    }
    both
}

/// The nearest time from `from_ms` on at which something that is taken like this is free for so long.
#[must_use]
pub fn next_free(taken: &[Span], from_ms: u64, length_ms: u64) -> u64 {
    let mut taken = taken.to_vec();
    taken.sort_unstable_by_key(|span| span.from_ms);
    let mut start = from_ms;
    for span in taken {
        if span.from_ms >= start.saturating_add(length_ms) {
            break;
        }
        start = start.max(span.until_ms);
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 60 * 60 * 1_000;
    /// 2026-11-05 00:00 UTC, a Thursday.
    const DAY: u64 = 1_793_836_800_000;

    fn span(from: u64, until: u64) -> Span {
        Span { from_ms: DAY + from * HOUR, until_ms: DAY + until * HOUR }
    }

    #[test]
    fn working_hours_are_of_working_days_in_their_zone() {
        let week = Span { from_ms: DAY + 3 * HOUR, until_ms: DAY + 5 * 24 * HOUR };
        let shanghai = Zone::find("Asia/Shanghai").unwrap();
        let found = Hours::default().within(week, &shanghai, &WorkCalendar::default());
        assert_eq!(found, [span(3, 10), span(25, 34), span(97, 106)], "today is cut, the weekend is off");
        let london = Zone::find("Europe/London").unwrap();
        let there = Hours::default().within(week, &london, &WorkCalendar::default());
        assert_eq!(in_both(&found, &there), [span(9, 10), span(33, 34), span(105, 106)]);
        assert_eq!(in_both(&found, &[]), []);
    }

    #[test]
    fn hours_are_read_and_cut() {
        let morning = Hours::parse("08:30 - 12:00").unwrap();
        assert_eq!(morning.and(Hours::default()), Hours::parse("09:00-12:00"));
        assert_eq!(Hours::parse("18:00-09:00"), None);
        assert_eq!(Hours::parse("nine to five"), None);
        assert_eq!(Hours::parse("06:00-08:00").unwrap().and(morning), None);
    }

    #[test]
    fn the_next_free_time_lies_behind_what_is_taken() {
        let taken = [span(10, 11), span(12, 13), span(10, 12)];
        assert_eq!(next_free(&taken, DAY + 8 * HOUR, HOUR), DAY + 8 * HOUR);
        assert_eq!(next_free(&taken, DAY + 9 * HOUR, 2 * HOUR), DAY + 13 * HOUR);
        assert_eq!(next_free(&taken, DAY + 14 * HOUR, HOUR), DAY + 14 * HOUR);
    }
}

//! How a series repeats: the rule of RFC 5545, 3.3.10, of which we take a part.

use std::fmt;

use calcard::{
    Entry, Parser,
    common::PartialDateTime,
    icalendar::{
        ICalendarFrequency, ICalendarProperty, ICalendarRecurrenceRule, ICalendarValue, ICalendarWeekday,
    },
};
use jiff::{ToSpan as _, civil::DateTime};
use serde::{Deserialize, Serialize};

use crate::{
    CalendarError, Zone,
    error::fenced,
    ics::{civil, partial},
    limits::{INSTANCES_MAX, SERIES_YEARS_MAX},
};

/// The rule of a series. Its `UNTIL` is a local time of the series' zone, whatever it was in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recurrence(pub(crate) ICalendarRecurrenceRule);

impl Recurrence {
    /// Reads a rule like `FREQ=WEEKLY;BYDAY=MO;COUNT=10`. An `UNTIL` in UTC becomes local time of `zone`.
    ///
    /// # Errors
    /// [`CalendarError::Recurrence`] for what is no rule. Whether we support it is asked by [`Recurrence::check`].
    pub fn parse(text: &str, zone: &Zone) -> Result<Self, CalendarError> {
        Self::read(text).map(|rule| Self::localised(rule.0, zone, false))
    }

    fn read(text: &str) -> Result<Self, CalendarError> {
        let wrong = || CalendarError::Recurrence(text.chars().take(100).collect());
        if text.contains(['\r', '\n']) {
            return Err(wrong());
        }
        if never_moves(text) {
            return Err(CalendarError::Recurrence(NEVER_MOVES.to_owned()));
        }
        let lines = format!("BEGIN:VEVENT\r\nRRULE:{text}\r\nEND:VEVENT\r\n");
        let Entry::ICalendar(calendar) = fenced(|| Parser::new(&lines).entry())? else { return Err(wrong()) };
        let entry = calendar.components.first().and_then(|event| event.property(&ICalendarProperty::Rrule));
        match entry.and_then(|entry| entry.values.first()) {
            Some(ICalendarValue::RecurrenceRule(rule)) => Ok(Self((**rule).clone())),
            _ => Err(wrong()),
        }
    }

    /// Puts the end of a rule into local time. An end that is a day holds the whole day.
    pub(crate) fn localised(mut rule: ICalendarRecurrenceRule, zone: &Zone, all_day: bool) -> Self {
        if let Some(until) = rule.until.take() {
            let whole_day = !all_day && !until.has_time();
            let local = civil(&until, zone)
                .map(|local| if whole_day { local.date().at(23, 59, 59, 0) } else { local });
            rule.until = local.map(partial);
        }
        Self(rule)
    }

    /// Whether we support it and it comes to an end: only `FREQ`, `INTERVAL`, `COUNT`, `UNTIL`, `BYDAY`, `BYMONTHDAY`
    /// and `BYSETPOS`, at most 730 times or two years from `start`. How often it happens is counted by
    /// [`crate::Event::check`].
    ///
    /// # Errors
    /// [`CalendarError::Recurrence`], E301.
    pub fn check(&self, start: DateTime) -> Result<(), CalendarError> {
        let refuse = |reason: &str| Err(CalendarError::Recurrence(reason.to_owned()));
        let rule = &self.0;
        match rule.freq {
            ICalendarFrequency::Yearly
            | ICalendarFrequency::Monthly
            | ICalendarFrequency::Weekly
            | ICalendarFrequency::Daily => {}
            ICalendarFrequency::Hourly | ICalendarFrequency::Minutely | ICalendarFrequency::Secondly => {
                return refuse("it repeats within a day");
            }
        }
        let has_other_parts = !rule.bysecond.is_empty()
            || !rule.byminute.is_empty()
            || !rule.byhour.is_empty()
            || !rule.byyearday.is_empty()
            || !rule.byweekno.is_empty()
            || !rule.bymonth.is_empty()
            || rule.wkst.is_some()
            || rule.rscale.is_some()
            || rule.skip.is_some();
        if has_other_parts {
            return refuse("parts beside FREQ, INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY and BYSETPOS");
        }
        let last = start.checked_add(SERIES_YEARS_MAX.years()).unwrap_or(start);
        match (rule.count, self.until()) {
            (Some(count), _) if count as usize > INSTANCES_MAX => refuse("COUNT is over 730"),
            (None, Some(until)) if until > last => refuse("UNTIL is more than 2 years ahead"),
            (None, None) => refuse("it has no end"),
            (Some(_), _) | (None, Some(_)) => Ok(()),
        }
    }

    /// The same rule with an end: where it has none, two years after `start`.
    #[must_use]
    pub fn with_end(mut self, start: DateTime) -> Self {
        if self.0.count.is_none() && self.0.until.is_none() {
            let last = start.checked_add(SERIES_YEARS_MAX.years()).unwrap_or(start);
            // A daily series of two years with a leap day in it would happen 731 times and more.
            let last = last.checked_sub(2.days()).unwrap_or(last);
            self.0.until = Some(partial(last));
        }
        self
    }

    /// The same rule, ending before `end`: what stays of a series whose later part is moved or cancelled.
    #[must_use]
    pub fn ending_before(mut self, end: DateTime) -> Self {
        self.0.count = None;
        self.0.until = end.checked_sub(1.second()).ok().map(partial);
        self
    }

    /// When it ends at the latest, in local time of the series' zone.
    #[must_use]
    pub fn until(&self) -> Option<DateTime> {
        self.0.until.as_ref().and_then(|until| civil(until, &Zone::utc()))
    }

    /// How often it happens at most.
    #[must_use]
    pub const fn count(&self) -> Option<u32> {
        self.0.count
    }

    /// Takes away what clients write and what changes nothing: the week's first day where no week is skipped, and the
    /// month of a yearly day.
    pub(crate) fn simplified(mut self, start: DateTime) -> Self {
        let rule = &mut self.0;
        let skips_weeks = rule.freq == ICalendarFrequency::Weekly && rule.interval.unwrap_or(1) > 1;
        if !skips_weeks || rule.byday.len() < 2 || rule.wkst == Some(ICalendarWeekday::Monday) {
            rule.wkst = None;
        }
        let is_plain = rule.byday.is_empty() && rule.bysetpos.is_empty();
        let is_its_month = matches!(rule.bymonth.as_slice(), [month] if month.month() == start.month().unsigned_abs() && !month.is_leap());
        let is_its_day = matches!(rule.bymonthday.as_slice(), [] | [_])
            && rule.bymonthday.iter().all(|day| *day == start.day());
        if rule.freq == ICalendarFrequency::Yearly && is_plain && is_its_month && is_its_day {
            rule.bymonth.clear();
            rule.bymonthday.clear();
        }
        if rule.interval == Some(1) {
            rule.interval = None;
        }
        self
    }
}

impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for Recurrence {
    type Error = CalendarError;

    fn try_from(text: String) -> Result<Self, CalendarError> {
        Self::read(&text)
    }
}

impl From<Recurrence> for String {
    fn from(rule: Recurrence) -> Self {
        rule.to_string()
    }
}

/// Why a rule is refused that [`never_moves`].
pub(crate) const NEVER_MOVES: &str = "INTERVAL or COUNT is 0";

/// Whether a rule stands still or never happens. The library leaves such numbers out, and would make another series of it.
pub(crate) fn never_moves(rule: &str) -> bool {
    rule.split(';').filter_map(|part| part.split_once('=')).any(|(name, value)| {
        let (name, value) = (name.trim(), value.trim());
        let counts = ["INTERVAL", "COUNT"].iter().any(|counting| name.eq_ignore_ascii_case(counting));
        counts && !value.is_empty() && value.bytes().all(|digit| digit == b'0')
    })
}

/// Whether a time of the library names a day without a time.
pub(crate) fn is_day(time: &PartialDateTime) -> bool {
    !time.has_time()
}

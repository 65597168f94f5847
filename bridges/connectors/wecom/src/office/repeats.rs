//! How a rule of RFC 5545 is said in the few kinds of repetition that the platform knows. Pure. What they cannot say exactly is not
//! said at all: a series on wrong days is worse than none.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Weekday},
    tz::TimeZone,
};
use serde_json::{Value, json};

use super::rule::{Frequency, Rule};
use crate::limits::SERIES_DAYS_MAX;

const HOUR_SECONDS: i32 = 3_600;
const DAY_SECONDS: u64 = 86_400;
/// The zones that the platform knows, in hours from UTC, its own.
const ZONE_HOURS_MAX: i32 = 12;
/// The last day that every month has.
const DAY_OF_EVERY_MONTH_MAX: i8 = 28;
/// How far ahead clocks must not change under a series without an end.
const STEADY_SECONDS: u64 = 366 * DAY_SECONDS;

/// A repetition as the platform knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeats {
    /// The platform's number: 0 by days, 1 by weeks, 2 by months, 5 by years. Its "working days" (7) move with holidays, which
    /// no rule does, so they are not used.
    kind: u8,
    interval: u32,
    /// 1 is Monday.
    weekdays: Vec<i8>,
    month_days: Vec<i8>,
    /// When the last one ends, in seconds since the Unix epoch; none goes on for ever.
    pub until_s: Option<u64>,
    zone_hours: i32,
}

impl Repeats {
    /// How something repeats that takes place from `start_s` to `end_s` for the first time, in seconds since the Unix epoch;
    /// nothing when the platform cannot say it.
    pub fn of(rule: &str, zone: &str, start_s: u64, end_s: u64) -> Option<Self> {
        let (rule, zone) = (Rule::parse(rule)?, TimeZone::get(zone).ok()?);
        let start = Timestamp::from_second(i64::try_from(start_s).ok()?).ok()?;
        let first = zone.to_datetime(start).date();
        let days = Days::of(&rule, first)?;
        let until_s = if rule.count.is_none() && rule.until.is_none() {
            None
        } else {
            let after_days = days.last(&rule, zone.to_datetime(start), &zone)?;
            Some(end_s.checked_add(after_days.checked_mul(DAY_SECONDS)?)?)
        };
        let zone_hours = steady_hours(&zone, start, until_s.unwrap_or(start_s + STEADY_SECONDS))?;
        let Days { kind, interval, weekdays, month_days, .. } = days;
        Some(Self { kind, interval, weekdays, month_days, until_s, zone_hours })
    }

    /// The fields of a schedule's `reminders` that say it.
    pub fn fields(&self) -> Value {
        let is_custom = self.interval > 1 || !self.weekdays.is_empty() || !self.month_days.is_empty();
        let mut fields = json!({
            "is_repeat": 1,
            "repeat_type": self.kind,
            // Nothing is for ever.
            "repeat_until": self.until_s.unwrap_or_default(),
            "is_custom_repeat": u8::from(is_custom),
            "timezone": self.zone_hours,
        });
        if is_custom {
            fields["repeat_interval"] = self.interval.into();
            fields["repeat_day_of_week"] = json!(self.weekdays);
            fields["repeat_day_of_month"] = json!(self.month_days);
        }
        fields
    }
}

/// The days on which something takes place.
struct Days {
    first: Date,
    kind: u8,
    interval: u32,
    weekdays: Vec<i8>,
    month_days: Vec<i8>,
}

impl Days {
    fn of(rule: &Rule, first: Date) -> Option<Self> {
        let of =
            |kind, weekdays, month_days| Self { first, kind, interval: rule.interval, weekdays, month_days };
        let has_days = !rule.weekdays.is_empty();
        if rule.frequency != Frequency::Monthly
            && rule.frequency != Frequency::Yearly
            && !(rule.month_days.is_empty() && rule.months.is_empty())
        {
            return None;
        }
        match rule.frequency {
            Frequency::Daily if !has_days => Some(of(0, Vec::new(), Vec::new())),
            // Each day that is one of these is each week on these.
            Frequency::Daily if rule.interval > 1 => None,
            Frequency::Daily | Frequency::Weekly => {
                let mut weekdays: Vec<i8> =
                    rule.weekdays.iter().map(|day| day.to_monday_one_offset()).collect();
                weekdays.sort_unstable();
                weekdays.dedup();
                let own = first.weekday().to_monday_one_offset();
                if weekdays.is_empty() {
                    weekdays.push(own);
                }
                // Where a week begins decides about several days of every other week, and the platform does not say where.
                let is_clear = rule.interval == 1 || weekdays.len() == 1;
                (is_clear && weekdays.contains(&own)).then(|| of(1, weekdays, Vec::new()))
            }
            Frequency::Monthly if !has_days && rule.months.is_empty() => {
                let mut days = rule.month_days.clone();
                days.sort_unstable();
                days.dedup();
                if days.is_empty() {
                    days.push(first.day());
                }
                // What becomes of a day that a month has not is not documented.
                let in_every = days.iter().all(|day| (1..=DAY_OF_EVERY_MONTH_MAX).contains(day));
                (in_every && days.contains(&first.day())).then(|| of(2, Vec::new(), days))
            }
            Frequency::Yearly if !has_days => {
                let own = |list: &[i8], own: i8| list.iter().all(|one| *one == own);
                let is_leap_day = (first.month(), first.day()) == (2, 29);
                let fits = own(&rule.months, first.month()) && own(&rule.month_days, first.day());
                (fits && !is_leap_day).then(|| of(5, Vec::new(), Vec::new()))
            }
            Frequency::Monthly | Frequency::Yearly => None,
        }
    }

    fn has(&self, day: Date) -> bool {
        let is_due = |passed: i64| passed >= 0 && passed % i64::from(self.interval) == 0;
        let months = |date: Date| i64::from(date.year()) * 12 + i64::from(date.month());
        match self.kind {
            0 => days_between(self.first, day).is_some_and(is_due),
            1 => {
                let weeks = days_between(monday_of(self.first), monday_of(day)).map(|days| days / 7);
                self.weekdays.contains(&day.weekday().to_monday_one_offset()) && weeks.is_some_and(is_due)
            }
            2 => self.month_days.contains(&day.day()) && is_due(months(day) - months(self.first)),
            _ => {
                (day.month(), day.day()) == (self.first.month(), self.first.day())
                    && is_due(i64::from(day.year()) - i64::from(self.first.year()))
            }
        }
    }

    /// How many days after the first one the last one is; nothing when that is too far.
    fn last(&self, rule: &Rule, start: DateTime, zone: &TimeZone) -> Option<u64> {
        let (mut day, mut found, mut last) = (self.first, 0_u32, None);
        for after in 0..u64::try_from(SERIES_DAYS_MAX).ok()? {
            let is_over = match &rule.until {
                Some(until) => until.is_before(day.to_datetime(start.time()), zone)?,
                None => rule.count.is_some_and(|count| found >= count),
            };
            if is_over {
                return last;
            }
            if self.has(day) {
                (found, last) = (found + 1, Some(after));
            }
            day = day.tomorrow().ok()?;
        }
        None
    }
}

fn monday_of(day: Date) -> Date {
    let passed = day.weekday().since(Weekday::Monday);
    day.checked_sub(jiff::Span::new().days(passed)).unwrap_or(day)
}

fn days_between(from: Date, to: Date) -> Option<i64> {
    to.since(from).ok().map(|span| i64::from(span.get_days()))
}

/// How many whole hours a zone lies from UTC, if it does so from a time until another one.
fn steady_hours(zone: &TimeZone, from: Timestamp, until_s: u64) -> Option<i32> {
    let until = Timestamp::from_second(i64::try_from(until_s).ok()?).ok()?;
    let offset = zone.to_offset(from);
    let mut changes = zone.following(from).take_while(|change| change.timestamp() <= until);
    let is_steady = changes.all(|change| change.offset() == offset);
    let hours = offset.seconds() / HOUR_SECONDS;
    let is_whole = offset.seconds() % HOUR_SECONDS == 0 && hours.abs() <= ZONE_HOURS_MAX;
    (is_whole && is_steady).then_some(hours)
}

#[cfg(test)]
mod tests;

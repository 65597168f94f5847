//! A recurrence rule of RFC 5545, read as far as the platform could say it. Pure.

use jiff::{
    civil::{Date, DateTime, Time, Weekday},
    tz::TimeZone,
};

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// When a series ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// With this day.
    Day(Date),
    /// At this time of the series' own zone.
    Local(DateTime),
    /// At this time of UTC.
    Utc(DateTime),
}

impl Until {
    /// Whether it ends before something begins at a time of this zone; nothing for a time beyond all calendars.
    pub fn is_before(&self, start: DateTime, zone: &TimeZone) -> Option<bool> {
        Some(match self {
            Self::Day(day) => *day < start.date(),
            Self::Local(end) => *end < start,
            Self::Utc(end) => TimeZone::UTC.to_timestamp(*end).ok()? < zone.to_timestamp(start).ok()?,
        })
    }
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// How often.
    pub frequency: Frequency,
    /// Every so many of them, from 1.
    pub interval: u32,
    /// How many there are.
    pub count: Option<u32>,
    /// When it ends.
    pub until: Option<Until>,
    /// On which days of the week.
    pub weekdays: Vec<Weekday>,
    /// On which days of the month.
    pub month_days: Vec<i8>,
    /// In which months.
    pub months: Vec<i8>,
}

impl Rule {
    /// Reads a rule; nothing where it says something that the platform could not.
    pub fn parse(text: &str) -> Option<Self> {
        let (mut frequency, mut interval, mut count, mut until) = (None, 1, None, None);
        let (mut weekdays, mut month_days, mut months) = (Vec::new(), Vec::new(), Vec::new());
        for part in text.trim().split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=')?;
            match name.to_ascii_uppercase().as_str() {
                "FREQ" => frequency = Some(frequency_of(value)?),
                "INTERVAL" => interval = value.parse().ok().filter(|interval| *interval > 0)?,
                "COUNT" => count = Some(value.parse().ok()?),
                "UNTIL" => until = Some(until_of(value)?),
                "BYDAY" => weekdays = list(value, weekday_of)?,
                "BYMONTHDAY" => month_days = list(value, |day| day.parse().ok())?,
                "BYMONTH" => months = list(value, |month| month.parse().ok())?,
                // It matters for several days of every other week alone, which the platform cannot say.
                "WKST" => {}
                _ => return None,
            }
        }
        Some(Self { frequency: frequency?, interval, count, until, weekdays, month_days, months })
    }
}

fn list<T>(value: &str, one: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    value.split(',').map(|part| one(part.trim())).collect()
}

fn frequency_of(value: &str) -> Option<Frequency> {
    match value.to_ascii_uppercase().as_str() {
        "DAILY" => Some(Frequency::Daily),
        "WEEKLY" => Some(Frequency::Weekly),
        "MONTHLY" => Some(Frequency::Monthly),
        "YEARLY" => Some(Frequency::Yearly),
        _ => None,
    }
}

/// A day of each week; "the second Tuesday" is none.
fn weekday_of(value: &str) -> Option<Weekday> {
    match value.to_ascii_uppercase().as_str() {
        "MO" => Some(Weekday::Monday),
        "TU" => Some(Weekday::Tuesday),
        "WE" => Some(Weekday::Wednesday),
        "TH" => Some(Weekday::Thursday),
        "FR" => Some(Weekday::Friday),
        "SA" => Some(Weekday::Saturday),
        "SU" => Some(Weekday::Sunday),
        _ => None,
    }
}

fn until_of(value: &str) -> Option<Until> {
    let number = |text: Option<&str>| text?.parse::<i16>().ok();
    let two = |text: Option<&str>| text?.parse::<i8>().ok();
    let value = value.to_ascii_uppercase();
    let (day, time) = value.split_once('T').map_or((value.as_str(), None), |(day, time)| (day, Some(time)));
    let day = Date::new(number(day.get(..4))?, two(day.get(4..6))?, two(day.get(6..))?).ok()?;
    let Some(time) = time else { return Some(Until::Day(day)) };
    let (time, is_utc) = time.strip_suffix('Z').map_or((time, false), |time| (time, true));
    let time = Time::new(two(time.get(..2))?, two(time.get(2..4))?, two(time.get(4..))?, 0).ok()?;
    let end = day.to_datetime(time);
    Some(if is_utc { Until::Utc(end) } else { Until::Local(end) })
}

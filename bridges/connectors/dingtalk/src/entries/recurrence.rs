//! Repetitions: rules of RFC 5545 in the terms of DingTalk's calendar, which knows fewer of them. Pure.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Weekday},
    tz::TimeZone,
};
use serde_json::{Value, json};

use super::times::{date, written};
use crate::limits::{INTERVAL_MAX, REPEATS_MAX};

/// Days of the week as rules and the calendar write them.
const DAYS: [(&str, &str, Weekday); 7] = [
    ("MO", "monday", Weekday::Monday),
    ("TU", "tuesday", Weekday::Tuesday),
    ("WE", "wednesday", Weekday::Wednesday),
    ("TH", "thursday", Weekday::Thursday),
    ("FR", "friday", Weekday::Friday),
    ("SA", "saturday", Weekday::Saturday),
    ("SU", "sunday", Weekday::Sunday),
];

/// The parts of a rule.
#[derive(Default)]
struct Rule<'a> {
    frequency: &'a str,
    interval: Option<u32>,
    count: Option<u32>,
    until: Option<&'a str>,
    /// Which of them in the month, and which day of the week.
    days: Vec<(Option<i8>, &'static str)>,
    day_of_month: Option<&'a str>,
    month: Option<&'a str>,
    place: Option<i8>,
    first_day: Option<&'static str>,
}

/// A rule in the calendar's terms for a series that begins at this moment of this zone; nothing where the calendar has no terms
/// for it.
pub(super) fn in_their_terms(rule: &str, start_ms: u64, zone: &TimeZone) -> Option<Value> {
    let rule = parsed(rule)?;
    let start = date(start_ms, zone)?;
    let mut pattern = pattern(&rule, start)?;
    let interval = rule.interval.unwrap_or(1);
    if !(1..=INTERVAL_MAX).contains(&interval) {
        return None;
    }
    pattern["interval"] = json!(interval);
    if let Some(day) = rule.first_day {
        pattern["firstDayOfWeek"] = json!(day);
    }
    let range = match (rule.count, rule.until) {
        (None, None) => json!({"type": "noEnd"}),
        (Some(count), None) if (1..=REPEATS_MAX).contains(&count) => {
            json!({"type": "numbered", "numberOfOccurrences": count})
        }
        (None, Some(until)) => json!({"type": "endDate", "endDate": end(until, zone)?}),
        (Some(_), _) => return None,
    };
    Some(json!({"pattern": pattern, "range": range}))
}

fn parsed(rule: &str) -> Option<Rule<'_>> {
    let mut parsed = Rule::default();
    for part in rule.trim().split(';').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=')?;
        match name {
            "FREQ" => parsed.frequency = value,
            "INTERVAL" => parsed.interval = Some(value.parse().ok()?),
            "COUNT" => parsed.count = Some(value.parse().ok()?),
            "UNTIL" => parsed.until = Some(value),
            "BYDAY" => parsed.days = value.split(',').map(day).collect::<Option<_>>()?,
            "BYMONTHDAY" => parsed.day_of_month = Some(value),
            "BYMONTH" => parsed.month = Some(value),
            "BYSETPOS" => parsed.place = Some(value.parse().ok()?),
            "WKST" => parsed.first_day = Some(day(value)?.1),
            _ => return None,
        }
    }
    Some(parsed)
}

/// `MO` or `-1FR`.
fn day(text: &str) -> Option<(Option<i8>, &'static str)> {
    let (place, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let (_, written, _) = DAYS.iter().find(|(short, ..)| *short == name)?;
    let place = if place.is_empty() { None } else { Some(place.parse().ok()?) };
    Some((place, written))
}

fn pattern(rule: &Rule<'_>, start: Date) -> Option<Value> {
    let plain =
        || rule.days.iter().map(|(place, day)| place.is_none().then_some(*day)).collect::<Option<Vec<_>>>();
    let is_bare = rule.day_of_month.is_none() && rule.month.is_none() && rule.place.is_none();
    match rule.frequency {
        "DAILY" if is_bare && rule.days.is_empty() => Some(json!({"type": "daily"})),
        "DAILY" | "WEEKLY" if is_bare => {
            // Every day of the week that is one of these is every week on these.
            let is_weekly = rule.frequency == "WEEKLY" || rule.interval.unwrap_or(1) == 1;
            let days = plain().filter(|_| is_weekly)?;
            let days = if days.is_empty() { vec![weekday(start)] } else { days };
            Some(json!({"type": "weekly", "daysOfWeek": days.join(",")}))
        }
        "MONTHLY" if rule.month.is_none() && rule.days.is_empty() && rule.place.is_none() => {
            Some(json!({"type": "absoluteMonthly", "dayOfMonth": day_of_month(rule, start)?}))
        }
        "MONTHLY" if rule.month.is_none() && rule.day_of_month.is_none() => {
            let (index, days) = match (rule.place, rule.days.as_slice()) {
                (None, [(Some(place), day)]) => (*place, vec![*day]),
                (Some(place), _) => (place, plain()?),
                (None, _) => return None,
            };
            let index = match index {
                1 => "first",
                2 => "second",
                3 => "third",
                4 => "fourth",
                -1 => "last",
                _ => return None,
            };
            Some(json!({"type": "relativeMonthly", "index": index, "daysOfWeek": days.join(",")}))
        }
        "YEARLY" if rule.days.is_empty() && rule.place.is_none() => {
            let is_its_month = rule.month.is_none_or(|month| month.parse() == Ok(start.month()));
            let day = day_of_month(rule, start).filter(|day| is_its_month && *day == start.day())?;
            Some(json!({"type": "absoluteYearly", "dayOfMonth": day}))
        }
        _ => None,
    }
}

fn day_of_month(rule: &Rule<'_>, start: Date) -> Option<i8> {
    let day = rule.day_of_month.map_or(Some(start.day()), |day| day.parse().ok())?;
    (1..=31).contains(&day).then_some(day)
}

fn weekday(start: Date) -> &'static str {
    let found = DAYS.iter().find(|(.., day)| *day == start.weekday());
    found.map_or("monday", |(_, written, _)| written)
}

/// The last moment of a series: `20261231T160000Z`, `20261231T235959` in the zone, or `20261231`, the whole day.
fn end(until: &str, zone: &TimeZone) -> Option<String> {
    let at = match until.strip_suffix('Z') {
        Some(_) => until.parse::<Timestamp>().ok()?,
        None => match until.parse::<DateTime>() {
            Ok(at) if until.contains('T') => zone.to_timestamp(at).ok()?,
            _ => zone.to_timestamp(until.parse::<Date>().ok()?.at(23, 59, 59, 0)).ok()?,
        },
    };
    written(u64::try_from(at.as_millisecond()).ok()?, zone)
}

#[cfg(test)]
mod tests {
    use super::{super::times::zone, *};

    /// A Wednesday, the fifth, at ten in Shanghai.
    const START_MS: u64 = 1_762_308_000_000;

    fn terms(rule: &str) -> Option<Value> {
        in_their_terms(rule, START_MS, &zone("Asia/Shanghai"))
    }

    #[test]
    fn what_the_calendar_knows_is_said_in_its_terms() {
        let table = [
            ("FREQ=DAILY", json!({"type": "daily", "interval": 1})),
            (
                "FREQ=DAILY;BYDAY=MO,TU",
                json!({"type": "weekly", "daysOfWeek": "monday,tuesday", "interval": 1}),
            ),
            ("FREQ=WEEKLY;INTERVAL=2", json!({"type": "weekly", "daysOfWeek": "wednesday", "interval": 2})),
            (
                "FREQ=WEEKLY;BYDAY=MO,FR;WKST=SU",
                json!({"type": "weekly", "daysOfWeek": "monday,friday", "interval": 1, "firstDayOfWeek": "sunday"}),
            ),
            ("FREQ=MONTHLY", json!({"type": "absoluteMonthly", "dayOfMonth": 5, "interval": 1})),
            (
                "FREQ=MONTHLY;BYMONTHDAY=15",
                json!({"type": "absoluteMonthly", "dayOfMonth": 15, "interval": 1}),
            ),
            (
                "FREQ=MONTHLY;BYDAY=-1FR",
                json!({"type": "relativeMonthly", "index": "last", "daysOfWeek": "friday", "interval": 1}),
            ),
            (
                "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1",
                json!({"type": "relativeMonthly", "index": "first", "daysOfWeek": "monday", "interval": 1}),
            ),
            (
                "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=5",
                json!({"type": "absoluteYearly", "dayOfMonth": 5, "interval": 1}),
            ),
        ];
        for (rule, pattern) in table {
            assert_eq!(terms(rule).expect(rule)["pattern"], pattern, "{rule}");
        }
    }

    #[test]
    fn a_series_ends_as_it_does_here() {
        let table = [
            ("", json!({"type": "noEnd"})),
            (";COUNT=10", json!({"type": "numbered", "numberOfOccurrences": 10})),
            (";UNTIL=20261231T160000Z", json!({"type": "endDate", "endDate": "2027-01-01T00:00:00+08:00"})),
            (";UNTIL=20261231T100000", json!({"type": "endDate", "endDate": "2026-12-31T10:00:00+08:00"})),
            (";UNTIL=20261231", json!({"type": "endDate", "endDate": "2026-12-31T23:59:59+08:00"})),
        ];
        for (more, range) in table {
            assert_eq!(terms(&format!("FREQ=DAILY{more}")).expect(more)["range"], range, "{more}");
        }
    }

    #[test]
    fn what_the_calendar_has_no_terms_for_is_not_forced_into_others() {
        let none = [
            "FREQ=HOURLY",
            "FREQ=MONTHLY;BYMONTHDAY=1,15",
            "FREQ=MONTHLY;BYMONTHDAY=-1",
            "FREQ=MONTHLY;BYDAY=1MO,3MO",
            "FREQ=YEARLY;BYDAY=1MO;BYMONTH=3",
            "FREQ=YEARLY;BYMONTH=3",
            "FREQ=DAILY;INTERVAL=2;BYDAY=MO",
            "FREQ=DAILY;INTERVAL=400",
            "FREQ=DAILY;COUNT=100",
            "FREQ=WEEKLY;BYHOUR=9",
            "FREQ=WEEKLY;BYDAY=XX",
            "FREQ=WEEKLY;UNTIL=soon",
            "nonsense",
            "",
        ];
        for rule in none {
            assert_eq!(terms(rule), None, "{rule}");
        }
    }
}

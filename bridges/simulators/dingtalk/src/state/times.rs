//! Times as calendars write them, and days as they repeat.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

const DAYS: [(&str, &str, Weekday); 7] = [
    ("monday", "MO", Weekday::Monday),
    ("tuesday", "TU", Weekday::Tuesday),
    ("wednesday", "WE", Weekday::Wednesday),
    ("thursday", "TH", Weekday::Thursday),
    ("friday", "FR", Weekday::Friday),
    ("saturday", "SA", Weekday::Saturday),
    ("sunday", "SU", Weekday::Sunday),
];
const PLACES: [(&str, i8); 5] = [("first", 1), ("second", 2), ("third", 3), ("fourth", 4), ("last", -1)];
const INTERVAL_MAX: u64 = 365;
const OCCURRENCES_MAX: u64 = 99;
/// Days of a series that are looked at.
const DAYS_MAX: usize = 3_700;

/// The organisation's own zone.
pub(crate) fn home() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

/// When a place in time is, in milliseconds; nothing when it is none. A date is the beginning of that day at home.
pub(crate) fn moment(place: &Value) -> Option<u64> {
    let text = |name: &str| place.get(name).and_then(Value::as_str);
    let at = match (text("dateTime"), text("date")) {
        (Some(at), None) => {
            TimeZone::get(text("timeZone")?).ok()?;
            at.parse::<Timestamp>().ok()?
        }
        (None, Some(date)) => {
            home().to_timestamp(date.parse::<Date>().ok()?.to_datetime(Default::default())).ok()?
        }
        _ => return None,
    };
    u64::try_from(at.as_millisecond()).ok()
}

/// A moment as it is shown in answers.
pub(crate) fn shown(at_ms: u64) -> Value {
    json!({ "dateTime": written(at_ms), "timeZone": "Asia/Shanghai" })
}

/// `2027-01-15T16:00:00+08:00`.
pub(crate) fn written(at_ms: u64) -> String {
    local(at_ms).map_or_else(String::new, |at| format!("{}+08:00", at.strftime("%Y-%m-%dT%H:%M:%S")))
}

/// `2027-01-15T08:00:00Z`.
pub(crate) fn utc(at_ms: u64) -> String {
    let at = i64::try_from(at_ms).ok().and_then(|at_ms| Timestamp::from_millisecond(at_ms).ok());
    at.map_or_else(String::new, |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn local(at_ms: u64) -> Option<DateTime> {
    let at = Timestamp::from_millisecond(i64::try_from(at_ms).ok()?).ok()?;
    Some(at.to_zoned(home()).datetime())
}

/// How an event repeats.
#[derive(Clone, Debug)]
pub(crate) struct Repeats {
    kind: String,
    interval: u64,
    days: Vec<usize>,
    day_of_month: Option<u64>,
    place: Option<i8>,
    count: Option<u64>,
    until_ms: Option<u64>,
}

impl Repeats {
    /// Reads a repetition; nothing when it is none that the calendar knows.
    pub(crate) fn read(recurrence: &Value) -> Option<Self> {
        let (pattern, range) = (recurrence.get("pattern")?, recurrence.get("range")?);
        let text = |name: &str| pattern.get(name).and_then(Value::as_str);
        let kind = text("type")?.to_owned();
        let interval = pattern.get("interval").map_or(Some(1), Value::as_u64)?;
        let day = |name: &str| DAYS.iter().position(|(known, ..)| *known == name);
        let days = text("daysOfWeek").unwrap_or_default();
        let days = days.split(',').filter(|name| !name.is_empty()).map(day).collect::<Option<Vec<_>>>()?;
        let day_of_month = pattern.get("dayOfMonth").and_then(Value::as_u64);
        let place = match text("index") {
            Some(index) => Some(PLACES.iter().find(|(known, _)| *known == index)?.1),
            None => None,
        };
        let fits = match kind.as_str() {
            "daily" => true,
            "weekly" => !days.is_empty(),
            "absoluteMonthly" | "absoluteYearly" => day_of_month.is_some_and(|day| (1..=31).contains(&day)),
            "relativeMonthly" => !days.is_empty() && place.is_some(),
            _ => false,
        };
        let (count, until_ms) = match range.get("type").and_then(Value::as_str)? {
            "noEnd" => (None, None),
            "numbered" => (Some(range.get("numberOfOccurrences").and_then(Value::as_u64)?), None),
            "endDate" => {
                let until = range.get("endDate").and_then(Value::as_str)?.parse::<Timestamp>().ok()?;
                (None, Some(u64::try_from(until.as_millisecond()).ok()?))
            }
            _ => return None,
        };
        let is_counted = count.is_none_or(|count| (1..=OCCURRENCES_MAX).contains(&count));
        let is_known = fits && is_counted && (1..=INTERVAL_MAX).contains(&interval);
        is_known.then_some(Self { kind, interval, days, day_of_month, place, count, until_ms })
    }

    /// The same as other calendars write it.
    pub(crate) fn as_rule(&self) -> String {
        let frequency = match self.kind.as_str() {
            "daily" => "DAILY",
            "weekly" => "WEEKLY",
            "absoluteYearly" => "YEARLY",
            _ => "MONTHLY",
        };
        let mut rule = format!("FREQ={frequency}");
        if self.interval > 1 {
            rule.push_str(&format!(";INTERVAL={}", self.interval));
        }
        if !self.days.is_empty() {
            let place = self.place.map(|place| place.to_string()).unwrap_or_default();
            let days: Vec<String> = self
                .days
                .iter()
                .filter_map(|day| DAYS.get(*day))
                .map(|(_, day, _)| format!("{place}{day}"))
                .collect();
            rule.push_str(&format!(";BYDAY={}", days.join(",")));
        }
        if let (Some(day), "absoluteMonthly") = (self.day_of_month, self.kind.as_str()) {
            rule.push_str(&format!(";BYMONTHDAY={day}"));
        }
        if let Some(count) = self.count {
            rule.push_str(&format!(";COUNT={count}"));
        }
        if let Some(until) =
            self.until_ms.and_then(|at_ms| Timestamp::from_millisecond(i64::try_from(at_ms).ok()?).ok())
        {
            rule.push_str(&format!(";UNTIL={}", until.strftime("%Y%m%dT%H%M%SZ")));
        }
        rule
    }

    /// When an event that begins first at `start_ms` begins before `until_ms`.
    pub(crate) fn starts(&self, start_ms: u64, until_ms: u64) -> Vec<u64> {
        let Some(first) = local(start_ms) else { return Vec::new() };
        let last_ms = self.until_ms.unwrap_or(u64::MAX);
        let count = self.count.and_then(|count| usize::try_from(count).ok()).unwrap_or(DAYS_MAX);
        let days = std::iter::successors(Some(first), |at| at.tomorrow().ok()).take(DAYS_MAX);
        days.filter(|at| self.is_on(first.date(), at.date()))
            .take(count)
            .filter_map(|at| u64::try_from(home().to_timestamp(at).ok()?.as_millisecond()).ok())
            .take_while(|at_ms| *at_ms < until_ms && *at_ms <= last_ms)
            .collect()
    }

    fn is_on(&self, first: Date, day: Date) -> bool {
        let every = |count: i64| u64::try_from(count).is_ok_and(|count| count.is_multiple_of(self.interval));
        let since = |from: Date, to: Date| i64::from((to - from).get_days());
        let monday = |day: Date| {
            day.checked_sub(jiff::Span::new().days(day.weekday().to_monday_zero_offset())).unwrap_or(day)
        };
        let months = i64::from(day.year() - first.year()) * 12 + i64::from(day.month() - first.month());
        let is_weekday = self.days.iter().any(|known| DAYS[*known].2 == day.weekday());
        let is_day = self.day_of_month.is_some_and(|known| i64::try_from(known) == Ok(i64::from(day.day())));
        match self.kind.as_str() {
            "daily" => every(since(first, day)),
            "weekly" => is_weekday && every(since(monday(first), monday(day)) / 7),
            "absoluteMonthly" => is_day && every(months),
            "absoluteYearly" => is_day && day.month() == first.month() && every(months / 12),
            "relativeMonthly" => {
                let from_end = (day.days_in_month() - day.day()) / 7;
                let place = if self.place == Some(-1) { -(from_end + 1) } else { (day.day() - 1) / 7 + 1 };
                is_weekday && every(months) && self.place == Some(place)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Friday at four in the afternoon, at home.
    const START_MS: u64 = 1_800_000_000_000;

    fn repeats(pattern: Value, range: Value) -> Repeats {
        Repeats::read(&json!({ "pattern": pattern, "range": range })).unwrap()
    }

    #[test]
    fn repetitions_are_those_of_the_calendar() {
        let no_end = json!({ "type": "noEnd" });
        let days = |repeats: &Repeats, count: usize| {
            let starts = repeats.starts(START_MS, START_MS + 200 * 86_400_000);
            starts.into_iter().take(count).map(|at| (at - START_MS) / 86_400_000).collect::<Vec<_>>()
        };
        let table = [
            (json!({ "type": "daily", "interval": 2 }), vec![0, 2, 4], "FREQ=DAILY;INTERVAL=2"),
            (
                json!({ "type": "weekly", "daysOfWeek": "monday,friday" }),
                vec![0, 3, 7],
                "FREQ=WEEKLY;BYDAY=MO,FR",
            ),
            (
                json!({ "type": "absoluteMonthly", "dayOfMonth": 15 }),
                vec![0, 31, 59],
                "FREQ=MONTHLY;BYMONTHDAY=15",
            ),
            (
                json!({ "type": "relativeMonthly", "index": "third", "daysOfWeek": "friday" }),
                vec![0, 35, 63],
                "FREQ=MONTHLY;BYDAY=3FR",
            ),
        ];
        for (pattern, expected, rule) in table {
            let repeats = repeats(pattern, no_end.clone());
            assert_eq!((days(&repeats, 3), repeats.as_rule().as_str()), (expected, rule));
        }
        let counted =
            repeats(json!({ "type": "daily" }), json!({ "type": "numbered", "numberOfOccurrences": 2 }));
        assert_eq!((days(&counted, 9), counted.as_rule().as_str()), (vec![0, 1], "FREQ=DAILY;COUNT=2"));
        let range = json!({ "type": "endDate", "endDate": "2027-01-16T16:00:00+08:00" });
        let ending = repeats(json!({ "type": "daily" }), range);
        assert_eq!(
            (days(&ending, 9), ending.as_rule().as_str()),
            (vec![0, 1], "FREQ=DAILY;UNTIL=20270116T080000Z")
        );
        assert!(Repeats::read(&json!({ "pattern": { "type": "hourly" }, "range": no_end })).is_none());
    }

    #[test]
    fn times_are_moments_with_a_zone_or_dates() {
        let at = json!({ "dateTime": "2027-01-15T16:00:00+08:00", "timeZone": "Asia/Shanghai" });
        assert_eq!((moment(&at), shown(START_MS)), (Some(START_MS), at));
        assert_eq!(moment(&json!({ "date": "2027-01-15" })), Some(START_MS - 16 * 3_600_000));
        assert_eq!(moment(&json!({ "dateTime": "2027-01-15T16:00:00+08:00", "timeZone": "Mars" })), None);
        assert_eq!(moment(&json!({ "dateTime": "2027-01-15 16:00", "timeZone": "Asia/Shanghai" })), None);
    }
}

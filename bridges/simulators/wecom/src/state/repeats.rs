//! When schedules take place: by days, weeks, months, years and working days, without the times that were taken out.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};
use serde_json::Value;

use super::schedules::Schedule;

/// Days that are looked at for one schedule.
const DAYS_MAX: usize = 3_700;
/// Times of one schedule that are looked at.
const TIMES_MAX: usize = 800;
/// Hours from UTC where a schedule does not say it.
const HOME_HOURS: i64 = 8;
/// The number of the last working day of a week.
const FRIDAY: u64 = 5;

fn number(value: Option<&Value>, name: &str) -> u64 {
    value.and_then(|value| value.get(name)).and_then(Value::as_u64).unwrap_or_default()
}

fn numbers(value: Option<&Value>, name: &str) -> Vec<u64> {
    let list = value.and_then(|value| value.get(name)).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_u64).collect()
}

impl Schedule {
    /// When it begins for the first time, in seconds since the Unix epoch.
    pub(crate) fn start_s(&self) -> u64 {
        number(Some(&self.body), "start_time")
    }

    /// How long it takes, in seconds.
    pub(crate) fn length_s(&self) -> u64 {
        number(Some(&self.body), "end_time").saturating_sub(self.start_s())
    }

    /// Whether it repeats.
    pub(crate) fn is_series(&self) -> bool {
        number(self.body.get("reminders"), "is_repeat") == 1
    }

    /// The times at which it begins, those that were taken out left out, in seconds since the Unix epoch.
    pub(crate) fn times(&self) -> Vec<u64> {
        let mut times = self.all_times();
        times.retain(|time| !self.excluded.contains(time));
        times
    }

    fn all_times(&self) -> Vec<u64> {
        let start_s = self.start_s();
        let reminders = self.body.get("reminders");
        let hours = reminders.and_then(|one| one.get("timezone")).and_then(Value::as_i64);
        let hours = i8::try_from(hours.unwrap_or(HOME_HOURS)).unwrap_or_default();
        let zone = TimeZone::fixed(Offset::from_hours(hours).unwrap_or(Offset::UTC));
        let first = i64::try_from(start_s).ok().and_then(|start_s| Timestamp::from_second(start_s).ok());
        let Some(first) = first.filter(|_| self.is_series()) else { return vec![start_s] };
        let first = zone.to_datetime(first);
        let until_s = match number(reminders, "repeat_until") {
            0 => u64::MAX,
            until_s => until_s,
        };
        let days = std::iter::successors(Some(first), |at| at.tomorrow().ok()).take(DAYS_MAX);
        days.filter(|at| is_on(reminders, first.date(), at.date()))
            .filter_map(|at| u64::try_from(zone.to_timestamp(at).ok()?.as_second()).ok())
            .take_while(|at_s| *at_s <= until_s)
            .take(TIMES_MAX)
            .collect()
    }
}

/// Whether something that takes place on a first day does so on another one.
fn is_on(reminders: Option<&Value>, first: Date, day: Date) -> bool {
    let is_custom = number(reminders, "is_custom_repeat") == 1;
    let interval = if is_custom { number(reminders, "repeat_interval").max(1) } else { 1 };
    let every = |count: i64| u64::try_from(count).is_ok_and(|count| count.is_multiple_of(interval));
    let since = |from: Date, to: Date| i64::from((to - from).get_days());
    let weekday = |day: Date| u64::from(day.weekday().to_monday_one_offset().unsigned_abs());
    let monday =
        |day: Date| day.checked_sub(Span::new().days(day.weekday().to_monday_zero_offset())).unwrap_or(day);
    let months = i64::from(day.year() - first.year()) * 12 + i64::from(day.month() - first.month());
    let own = |name: &str, of: u64, of_first: u64| {
        let list = if is_custom { numbers(reminders, name) } else { Vec::new() };
        if list.is_empty() { of == of_first } else { list.contains(&of) }
    };
    let of_month = |day: Date| u64::from(day.day().unsigned_abs());
    match number(reminders, "repeat_type") {
        0 => every(since(first, day)),
        1 => {
            own("repeat_day_of_week", weekday(day), weekday(first))
                && every(since(monday(first), monday(day)) / 7)
        }
        2 => own("repeat_day_of_month", of_month(day), of_month(first)) && every(months),
        5 => (day.month(), day.day()) == (first.month(), first.day()) && every(months / 12),
        _ => weekday(day) <= FRIDAY,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::json;

    use super::*;

    /// A Friday at four in the afternoon, at home.
    const START_S: u64 = 1_800_000_000;
    const DAY_S: u64 = 86_400;

    fn schedule(reminders: Value, excluded: &[u64]) -> Schedule {
        let body = json!({ "start_time": START_S, "end_time": START_S + 60, "reminders": reminders });
        let excluded: BTreeSet<u64> = excluded.iter().map(|day| START_S + day * DAY_S).collect();
        Schedule { agent: 1, body, attendees: BTreeMap::new(), cancelled: false, excluded }
    }

    #[test]
    fn a_schedule_takes_place_as_the_platform_repeats_it() {
        let table = [
            (json!({}), vec![0]),
            (json!({ "is_repeat": 1, "repeat_type": 0 }), vec![0, 1, 2]),
            (json!({ "is_repeat": 1, "repeat_type": 1 }), vec![0, 7, 14]),
            (json!({ "is_repeat": 1, "repeat_type": 7 }), vec![0, 3, 4]),
            (
                json!({ "is_repeat": 1, "repeat_type": 1, "is_custom_repeat": 1, "repeat_interval": 2, "repeat_day_of_week": [5] }),
                vec![0, 14, 28],
            ),
            (json!({ "is_repeat": 1, "repeat_type": 2 }), vec![0, 31, 59]),
            (json!({ "is_repeat": 1, "repeat_type": 0, "repeat_until": START_S + DAY_S + 60 }), vec![0, 1]),
        ];
        for (reminders, expected) in table {
            let times = schedule(reminders.clone(), &[]).times();
            let days: Vec<u64> = times.iter().take(3).map(|time| (time - START_S) / DAY_S).collect();
            assert_eq!(days, expected, "{reminders}");
        }
        let daily = schedule(json!({ "is_repeat": 1, "repeat_type": 0 }), &[1]);
        assert_eq!(daily.times()[1], START_S + 2 * DAY_S, "one was taken out");
    }
}

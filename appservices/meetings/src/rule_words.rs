//! How often a series repeats, in words. Pure. Rules that have no words here get a general sentence: nobody reads RFC 5545.

use calendar::Recurrence;
use jiff::civil::DateTime;
use kit::texts::Lang;

use crate::card::{Pen, WEEKDAYS};

/// What weekdays are called in rules, from Monday on.
const CODES: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// Monday to Friday, by their places in the week.
const WORKING: [usize; 5] = [0, 1, 2, 3, 4];

/// What a rule is made of, without its end.
struct Parts<'a> {
    frequency: &'a str,
    interval: u32,
    /// Its weekdays, each once, in the order in which they come.
    days: Vec<Day>,
    month_days: Vec<i8>,
    /// Which one of the days that it names in a month.
    place: Option<i8>,
}

/// A weekday of a rule.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Day {
    /// Which one of the month, from its end where that is negative.
    place: Option<i8>,
    /// From Monday on, which is 0.
    weekday: usize,
}

/// The line of a card that says how often its series repeats and until when. `start` is when the first instance begins.
pub(crate) fn repeats(rule: &Recurrence, start: DateTime, pen: Pen<'_>) -> String {
    let in_one = |lang| {
        let pen = Pen { lang, ..pen };
        pen.say("mt.repeats", &[("rule", &in_words(rule, start, pen))])
    };
    match pen.lang {
        Lang::Both => format!("{}\n{}", in_one(Lang::Zh), in_one(Lang::En)),
        Lang::Zh | Lang::En => in_one(pen.lang),
    }
}

fn in_words(rule: &Recurrence, start: DateTime, pen: Pen<'_>) -> String {
    let text = rule.to_string();
    let said = parts(&text).and_then(|parts| without_end(&parts, pen));
    let mut words = said.unwrap_or_else(|| pen.say("mt.rule_other", &[]));
    if let Some(count) = rule.count() {
        words = pen.say("mt.rule_count", &[("rule", &words), ("count", &count.to_string())]);
    }
    if let Some(until) = rule.until() {
        // An end before the time of the day at which it begins leaves that day out.
        let is_left_out = until.time() < start.time();
        let last = if is_left_out { until.date().yesterday().ok() } else { None };
        let day = last.unwrap_or(until.date()).strftime("%Y-%m-%d").to_string();
        words = pen.say("mt.rule_until", &[("rule", &words), ("day", &day)]);
    }
    words
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let mut parts =
        Parts { frequency: "", interval: 1, days: Vec::new(), month_days: Vec::new(), place: None };
    for part in text.split(';') {
        let (name, value) = part.split_once('=')?;
        match name {
            "FREQ" => parts.frequency = value,
            "INTERVAL" => parts.interval = value.parse().ok()?,
            "BYDAY" => parts.days = value.split(',').map(day).collect::<Option<Vec<Day>>>()?,
            "BYMONTHDAY" => {
                parts.month_days =
                    value.split(',').map(|day| day.parse().ok()).collect::<Option<Vec<i8>>>()?;
            }
            "BYSETPOS" => parts.place = Some(value.parse().ok()?),
            "COUNT" | "UNTIL" => {}
            _ => return None,
        }
    }
    parts.days.sort_by_key(|day| (day.place.is_some_and(|place| place < 0), day.place, day.weekday));
    parts.days.dedup();
    Some(parts)
}

fn day(text: &str) -> Option<Day> {
    let (place, code) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let weekday = CODES.iter().position(|known| *known == code)?;
    let place = if place.is_empty() { None } else { Some(place.parse().ok()?) };
    Some(Day { place, weekday })
}

fn without_end(parts: &Parts<'_>, pen: Pen<'_>) -> Option<String> {
    let every = every(parts, pen)?;
    let on = |days: &[String]| pen.say("mt.on_days", &[("every", &every), ("days", &list(days, pen))]);
    let is_daily = parts.frequency == "DAILY" && parts.interval == 1;
    match (parts.days.is_empty(), parts.month_days.is_empty(), parts.place) {
        (true, true, None) => Some(every),
        (false, true, None) if parts.frequency == "WEEKLY" || is_daily => {
            let is_placed = parts.days.iter().any(|day| day.place.is_some());
            let words: Vec<String> = weekdays(parts, pen);
            match parts.interval {
                _ if is_placed => None,
                1 if is_working(parts) => Some(pen.say("mt.weekdays", &[])),
                1 => Some(pen.say("mt.on_weekdays", &[("days", &list(&words, pen))])),
                _ => Some(on(&words)),
            }
        }
        (true, false, None) if parts.frequency == "MONTHLY" => {
            let days: Vec<String> = parts.month_days.iter().map(|day| month_day(*day, pen)).collect();
            Some(on(&days))
        }
        (false, true, place) if parts.frequency == "MONTHLY" => Some(on(&placed(parts, place, pen)?)),
        _ => None,
    }
}

/// `every` and how many of its days, weeks, months or years lie between two times.
fn every(parts: &Parts<'_>, pen: Pen<'_>) -> Option<String> {
    let (once, several) = match parts.frequency {
        "DAILY" => ("mt.daily", "mt.every_days"),
        "WEEKLY" => ("mt.weekly", "mt.every_weeks"),
        "MONTHLY" => ("mt.monthly", "mt.every_months"),
        "YEARLY" => ("mt.yearly", "mt.every_years"),
        _ => return None,
    };
    Some(match (parts.frequency, parts.interval) {
        (_, 1) => pen.say(once, &[]),
        ("WEEKLY", 2) => pen.say("mt.biweekly", &[]),
        (_, interval) => pen.say(several, &[("count", &interval.to_string())]),
    })
}

fn is_working(parts: &Parts<'_>) -> bool {
    parts.days.iter().all(|day| day.place.is_none()) && parts.days.iter().map(|day| day.weekday).eq(WORKING)
}

fn weekdays(parts: &Parts<'_>, pen: Pen<'_>) -> Vec<String> {
    parts.days.iter().map(|day| weekday(*day, pen)).collect()
}

fn weekday(day: Day, pen: Pen<'_>) -> String {
    WEEKDAYS.get(day.weekday).map_or_else(String::new, |key| pen.say(key, &[]))
}

/// A day of the month, counted from its end where it is negative.
fn month_day(day: i8, pen: Pen<'_>) -> String {
    let number = day.unsigned_abs().to_string();
    match day {
        -1 => pen.say("mt.month_last_day", &[]),
        i8::MIN..-1 => pen.say("mt.month_day_back", &[("day", &number)]),
        0.. => pen.say("mt.month_day", &[("day", &number)]),
    }
}

/// Weekdays by their place in the month: each has its own, or one is for all of them.
fn placed(parts: &Parts<'_>, place: Option<i8>, pen: Pen<'_>) -> Option<Vec<String>> {
    let Some(place) = place else {
        return parts.days.iter().map(|day| nth(day.place?, &weekday(*day, pen), pen)).collect();
    };
    let day = match parts.days.as_slice() {
        [only] if only.place.is_none() => weekday(*only, pen),
        _ if is_working(parts) => pen.say("mt.working_day", &[]),
        _ => return None,
    };
    Some(vec![nth(place, &day, pen)?])
}

fn nth(place: i8, day: &str, pen: Pen<'_>) -> Option<String> {
    let key = match place {
        1 => "mt.nth_first",
        2 => "mt.nth_second",
        3 => "mt.nth_third",
        4 => "mt.nth_fourth",
        5 => "mt.nth_fifth",
        -1 => "mt.nth_last",
        -2 => "mt.nth_last_but_one",
        _ => return None,
    };
    Some(pen.say(key, &[("day", day)]))
}

fn list(words: &[String], pen: Pen<'_>) -> String {
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, front)) => {
            let front = front.join(&pen.say("mt.list_comma", &[]));
            format!("{front}{}{last}", pen.say("mt.list_and", &[]))
        }
    }
}

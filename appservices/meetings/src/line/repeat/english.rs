//! `daily`, `every Mon and Wed`, `every two weeks on Tue`, `monthly on day 15`, `every month on the first Mon`.

use super::{Unit, WORKING, month_days};

/// Weekdays as they are written short, and their codes in rules.
const WEEKDAYS: [(&str, &str); 7] =
    [("mon", "MO"), ("tue", "TU"), ("wed", "WE"), ("thu", "TH"), ("fri", "FR"), ("sat", "SA"), ("sun", "SU")];

/// The rule that the first words say; how many words that are.
pub(super) fn rule(words: &[&str]) -> Option<(String, usize)> {
    let (unit, interval) = match lower(words, 0).as_str() {
        "weekdays" => return Some((working(), 1)),
        "daily" => (Unit::Day, 1),
        "weekly" => (Unit::Week, 1),
        "biweekly" | "fortnightly" => (Unit::Week, 2),
        "monthly" => (Unit::Month, 1),
        "yearly" | "annually" => (Unit::Year, 1),
        "every" | "each" => return every(words),
        _ => return None,
    };
    Some(with_days(unit, interval, words, 1))
}

fn working() -> String {
    Unit::Week.rule(1, Some(&format!("BYDAY={WORKING}")))
}

fn lower(words: &[&str], place: usize) -> String {
    words.get(place).map(|word| word.to_lowercase()).unwrap_or_default()
}

/// What follows `every`: a number of units, or days of the week.
fn every(words: &[&str]) -> Option<(String, usize)> {
    if let Some((days, taken)) = weekdays(words, 1) {
        return Some((Unit::Week.rule(1, Some(&days)), 1 + taken));
    }
    let first = lower(words, 1);
    if matches!(first.as_str(), "weekday" | "workday") {
        return Some((working(), 2));
    }
    let (interval, place) = match number(&first) {
        Some(interval) => (interval, 2),
        None => (1, 1),
    };
    let unit = match lower(words, place).as_str() {
        "day" | "days" => Unit::Day,
        "week" | "weeks" => Unit::Week,
        "month" | "months" => Unit::Month,
        "year" | "years" => Unit::Year,
        _ => return None,
    };
    Some(with_days(unit, interval, words, place + 1))
}

fn number(word: &str) -> Option<u32> {
    let words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    match word {
        "other" | "second" => Some(2),
        _ => match words.into_iter().position(|known| known == word) {
            Some(place) => u32::try_from(place + 1).ok(),
            None => word.parse().ok().filter(|_| word.len() <= 3),
        },
    }
}

/// The rule with the days that stand behind `on`, at `place`, where they are days of such a unit.
fn with_days(unit: Unit, interval: u32, words: &[&str], place: usize) -> (String, usize) {
    let days = match unit {
        _ if lower(words, place) != "on" => None,
        Unit::Week => weekdays(words, place + 1),
        Unit::Month => of_month(words, place + 1),
        Unit::Day | Unit::Year => None,
    };
    match days {
        Some((by, taken)) => (unit.rule(interval, Some(&by)), place + 1 + taken),
        None => (unit.rule(interval, None), place),
    }
}

fn weekday(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    let (_, code) = WEEKDAYS.into_iter().find(|(short, _)| word.starts_with(short))?;
    let rest = word.get(3..)?.trim_end_matches('s');
    let is_whole = matches!(rest, "" | "day" | "sday" | "nesday" | "rsday" | "urday" | "r" | "e" | "ur");
    is_whole.then_some(code)
}

/// `Mon`, `Mon and Wed`, `Mon, Wed and Fri`, `Mon,Wed` from `place` on; the next one only behind a comma or `and`.
fn weekdays(words: &[&str], place: usize) -> Option<(String, usize)> {
    let mut days: Vec<&'static str> = Vec::new();
    let mut taken = 0;
    loop {
        let goes_on = taken > 0;
        let joined = goes_on && is_and(&lower(words, place + taken));
        let word = words.get(place + taken + usize::from(joined)).copied().unwrap_or_default();
        let behind_comma =
            goes_on && words.get(place + taken - 1).is_some_and(|before| before.ends_with(','));
        if goes_on && !joined && !behind_comma {
            break;
        }
        let parts = word.trim_end_matches(',').split([',', '/']).map(weekday);
        let Some(named) = parts.collect::<Option<Vec<_>>>() else { break };
        for day in named {
            if !days.contains(&day) {
                days.push(day);
            }
        }
        taken += 1 + usize::from(joined);
    }
    (!days.is_empty()).then(|| (format!("BYDAY={}", days.join(",")), taken))
}

fn is_and(word: &str) -> bool {
    matches!(word, "and" | "&")
}

/// `day 15`, `day 1 and day 15`, `the 15th`, `the last day`, `the first Mon`, `the last weekday`.
fn of_month(words: &[&str], place: usize) -> Option<(String, usize)> {
    if lower(words, place) == "day" {
        let mut days = Vec::new();
        let mut taken = 0;
        loop {
            let joined = taken > 0 && is_and(&lower(words, place + taken));
            let at = place + taken + usize::from(joined);
            let number = lower(words, at + 1);
            let day = day_of_month(number.trim_end_matches(','));
            let Some(day) = day.filter(|_| lower(words, at) == "day") else { break };
            days.push(day);
            taken = at + 2 - place;
        }
        return (!days.is_empty()).then(|| (month_days(&days), taken));
    }
    if lower(words, place) != "the" {
        return None;
    }
    let (which, day) = (lower(words, place + 1), lower(words, place + 2));
    let nth: i8 = match which.as_str() {
        "first" => 1,
        "second" => 2,
        "third" => 3,
        "fourth" => 4,
        "fifth" => 5,
        "last" => -1,
        _ => {
            let number = ["st", "nd", "rd", "th"].iter().find_map(|end| which.strip_suffix(end))?;
            return Some((month_days(&[day_of_month(number)?]), 2));
        }
    };
    let by = match day.as_str() {
        "day" if nth.abs() == 1 => month_days(&[nth]),
        "weekday" => format!("BYDAY={WORKING};BYSETPOS={nth}"),
        _ => format!("BYDAY={nth}{}", weekday(&day)?),
    };
    Some((by, 3))
}

fn day_of_month(text: &str) -> Option<i8> {
    text.parse().ok().filter(|day| (1..=31).contains(day))
}

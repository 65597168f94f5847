//! How often a meeting repeats, as people type it and as its card says it: from words to a rule (RFC 5545, `FREQ=…`).

use jiff::civil::Date;
use workdays::read_when;

mod chinese;
mod english;

/// Monday to Friday.
const WORKING: &str = "MO,TU,WE,TH,FR";

/// What a series counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    /// The rule of every so many of them, on the days that `by` names, where it names any.
    fn rule(self, interval: u32, by: Option<&str>) -> String {
        let frequency = match self {
            Self::Day => "DAILY",
            Self::Week => "WEEKLY",
            Self::Month => "MONTHLY",
            Self::Year => "YEARLY",
        };
        let interval = if interval == 1 { String::new() } else { format!(";INTERVAL={interval}") };
        let by = by.map_or_else(String::new, |by| format!(";{by}"));
        format!("FREQ={frequency}{interval}{by}")
    }
}

/// The rule, or a part of one, that the first words say; how many words that are.
pub(super) fn rule(words: &[&str]) -> Option<(String, usize)> {
    let word = *words.first()?;
    let upper = word.to_uppercase();
    let given = upper.strip_prefix("RRULE:").unwrap_or(&upper);
    if given.starts_with("FREQ=") {
        return Some((given.to_owned(), 1));
    }
    chinese::rule(word).map(|rule| (rule, 1)).or_else(|| english::rule(words))
}

/// When a series ends: after so many times, or with a day. How many words say so.
pub(super) fn end(words: &[&str], today: Date) -> Option<(String, usize)> {
    count(words).or_else(|| until(words, today))
}

/// `x5`, `5次`, `5 times`, and `× 5` as cards say it.
fn count(words: &[&str]) -> Option<(String, usize)> {
    let lower = words.first()?.to_lowercase();
    let second = words.get(1).map(|word| word.to_lowercase()).unwrap_or_default();
    let (number, taken) = match lower.as_str() {
        "×" => (second, 2),
        _ if second == "times" => (lower, 2),
        _ => {
            let number = lower.strip_prefix(['x', '×']).or_else(|| lower.strip_suffix('次'))?;
            (number.to_owned(), 1)
        }
    };
    let count: u32 = number.parse().ok()?;
    Some((format!("COUNT={count}"), taken))
}

/// `至 11-30`, `until 2026-12-31`: the last day on which it may begin.
fn until(words: &[&str], today: Date) -> Option<(String, usize)> {
    let word = *words.first()?;
    let (first, taken) = match word.to_lowercase().as_str() {
        "至" | "直到" | "until" => (*words.get(1)?, 1),
        _ => (word.strip_prefix('至').or_else(|| word.strip_prefix("直到"))?, 0),
    };
    let (when, used) = read_when(&[first], today.at(0, 0, 0, 0))?;
    Some((format!("UNTIL={}", when.date.strftime("%Y%m%dT235959")), taken + used.max(1)))
}

/// The days of a month, each once: `BYMONTHDAY=1,15`.
fn month_days(days: &[i8]) -> String {
    let days: Vec<String> = days.iter().map(ToString::to_string).collect();
    format!("BYMONTHDAY={}", days.join(","))
}

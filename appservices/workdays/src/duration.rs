//! Durations as people write them.

use crate::limits::DURATION_MS_MAX;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// Units by their names, longer names before those that they begin with.
const UNITS: &[(&str, u64)] = &[
    ("个小时", HOUR_MS),
    ("小时", HOUR_MS),
    ("hours", HOUR_MS),
    ("hour", HOUR_MS),
    ("hrs", HOUR_MS),
    ("hr", HOUR_MS),
    ("h", HOUR_MS),
    ("时", HOUR_MS),
    ("分钟", MINUTE_MS),
    ("分", MINUTE_MS),
    ("minutes", MINUTE_MS),
    ("minute", MINUTE_MS),
    ("mins", MINUTE_MS),
    ("min", MINUTE_MS),
    ("m", MINUTE_MS),
    ("days", DAY_MS),
    ("day", DAY_MS),
    ("d", DAY_MS),
    ("天", DAY_MS),
    ("日", DAY_MS),
    ("weeks", 7 * DAY_MS),
    ("week", 7 * DAY_MS),
    ("w", 7 * DAY_MS),
    ("周", 7 * DAY_MS),
];

/// Reads `1h`, `30m`, `1h30m`, `2d`, `90分钟`, `1小时30分`, `半小时`, `2天`: milliseconds. Nothing for anything else, for
/// nothing at all and for more than [`DURATION_MS_MAX`].
#[must_use]
pub fn duration_ms(text: &str) -> Option<u64> {
    let text = text.trim().to_lowercase();
    match text.as_str() {
        "半小时" | "半个小时" => return Some(HOUR_MS / 2),
        "半天" => return Some(DAY_MS / 2),
        _ => {}
    }
    let mut rest = text.as_str();
    let mut sum: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = rest.get(..digits)?.parse().ok()?;
        let behind = rest.get(digits..)?.trim_start();
        let (name, unit_ms) = UNITS.iter().find(|(name, _)| behind.starts_with(name))?;
        sum = sum.checked_add(count.checked_mul(*unit_ms)?)?;
        rest = behind.strip_prefix(name)?.trim_start();
    }
    (sum > 0 && sum <= DURATION_MS_MAX).then_some(sum)
}

//! Times as the calendar writes them: a moment with its zone, or a date alone. Pure.

use jiff::{
    Timestamp,
    civil::Date,
    tz::{Offset, TimeZone},
};
use serde_json::{Value, json};

use crate::lenient::text;

/// Where the platform is at home; a date that says no zone is one there.
const HOME: &str = "Asia/Shanghai";
const HOME_HOURS: i8 = 8;

/// The zone of this name; the platform's own where nobody knows it.
pub(super) fn zone(name: &str) -> TimeZone {
    let home = || TimeZone::fixed(Offset::constant(HOME_HOURS));
    TimeZone::get(name).unwrap_or_else(|_| TimeZone::get(HOME).unwrap_or_else(|_| home()))
}

/// A moment of our clock; none beyond the end of the calendar.
pub(super) fn moment(at_ms: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(at_ms).ok()?).ok()
}

/// `2026-11-05T10:00:00+08:00`.
pub(super) fn written(at_ms: u64, zone: &TimeZone) -> Option<String> {
    Some(moment(at_ms)?.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

/// Which day it is at a moment.
pub(super) fn date(at_ms: u64, zone: &TimeZone) -> Option<Date> {
    Some(moment(at_ms)?.to_zoned(zone.clone()).date())
}

/// A beginning or an end. Whole days are dates, and the end of the last one is the day after it, for the platform as for us.
pub(super) fn place_in_time(at_ms: u64, zone_name: &str, is_all_day: bool) -> Option<Value> {
    let zone = zone(zone_name);
    if is_all_day {
        return Some(json!({"date": date(at_ms, &zone)?.to_string()}));
    }
    let name = zone.iana_name().unwrap_or(HOME);
    Some(json!({"dateTime": written(at_ms, &zone)?, "timeZone": name}))
}

/// The moment of a beginning or an end, in milliseconds since the Unix epoch.
pub(super) fn read(place: &Value) -> Option<u64> {
    let zone = zone(&text(place, "timeZone").unwrap_or_default());
    let moment = match text(place, "dateTime") {
        Some(written) => match written.parse::<Timestamp>() {
            Ok(moment) => moment,
            Err(_) => zone.to_timestamp(written.parse().ok()?).ok()?,
        },
        None => zone.to_timestamp(text(place, "date")?.parse::<Date>().ok()?.at(0, 0, 0, 0)).ok()?,
    };
    u64::try_from(moment.as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_MS: u64 = 1_762_308_000_000;

    #[test]
    fn a_moment_is_written_with_its_zone_and_read_again() {
        let table = [
            ("Asia/Shanghai", "2025-11-05T10:00:00+08:00", "Asia/Shanghai"),
            ("Europe/Berlin", "2025-11-05T03:00:00+01:00", "Europe/Berlin"),
            ("Nowhere/Land", "2025-11-05T10:00:00+08:00", "Asia/Shanghai"),
        ];
        for (zone, expected, name) in table {
            let place = place_in_time(AT_MS, zone, false).expect("a time");
            assert_eq!(place, json!({"dateTime": expected, "timeZone": name}), "{zone}");
            assert_eq!(read(&place), Some(AT_MS), "{zone}");
        }
    }

    #[test]
    fn whole_days_are_dates_and_end_with_the_day_after() {
        let midnight_ms = 1_762_272_000_000;
        let first = place_in_time(midnight_ms, "Asia/Shanghai", true);
        assert_eq!(first, Some(json!({"date": "2025-11-05"})));
        let end = place_in_time(midnight_ms + 86_400_000, "Asia/Shanghai", true).expect("a date");
        assert_eq!(end, json!({"date": "2025-11-06"}));
        assert_eq!(read(&end), Some(midnight_ms + 86_400_000), "a date without a zone is one in China");
    }

    #[test]
    fn times_are_read_however_they_are_written() {
        let table = [
            (json!({"dateTime": "2025-11-05T02:00:00Z"}), Some(AT_MS)),
            (json!({"dateTime": "2025-11-05T10:00:00", "timeZone": "Asia/Shanghai"}), Some(AT_MS)),
            (json!({"dateTime": "tomorrow"}), None),
            (json!({}), None),
        ];
        for (place, expected) in table {
            assert_eq!(read(&place), expected, "{place}");
        }
    }
}

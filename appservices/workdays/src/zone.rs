//! Moments where people are. Stored moments are milliseconds since 1970; what people read is local.

use jiff::{Timestamp, civil::DateTime, civil::Time, tz::TimeZone};

use crate::WorkCalendar;

/// The zone of everybody who named none.
pub const DEFAULT_ZONE: &str = "Asia/Shanghai";

/// When a working day begins.
const MORNING: Time = Time::constant(9, 0, 0, 0);

/// The zone with this IANA name; nothing for other names, abbreviations and offsets.
#[must_use]
pub fn named_zone(name: &str) -> Option<TimeZone> {
    let name = name.trim();
    if !name.contains('/') && !name.eq_ignore_ascii_case("UTC") {
        return None;
    }
    TimeZone::get(name).ok()
}

/// The zone of everybody who named none.
#[must_use]
pub fn default_zone() -> TimeZone {
    TimeZone::get(DEFAULT_ZONE).unwrap_or(TimeZone::UTC)
}

/// What the clock on the wall shows at a moment. A moment beyond the calendar becomes 1970.
#[must_use]
pub fn local(at_ms: u64, zone: &TimeZone) -> DateTime {
    let moment = i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    moment.unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone()).datetime()
}

/// The moment at which the clock on the wall shows this. A time that a change of clocks leaves out moves forward by what is
/// left out; of one that comes twice it is the first. Moments before 1970 become 0.
#[must_use]
pub fn to_ms(at: DateTime, zone: &TimeZone) -> u64 {
    let moment = zone.to_ambiguous_timestamp(at).compatible();
    moment.map_or(0, |moment| u64::try_from(moment.as_millisecond()).unwrap_or(0))
}

/// 09:00 of the first working morning after a moment.
#[must_use]
pub fn morning_after(at_ms: u64, zone: &TimeZone, calendar: &WorkCalendar) -> u64 {
    let now = local(at_ms, zone);
    let is_today = calendar.is_working(now.date()) && now.time() < MORNING;
    let day = if is_today { now.date() } else { calendar.next_working(now.date()) };
    to_ms(day.to_datetime(MORNING), zone)
}

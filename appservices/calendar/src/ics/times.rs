//! Between the library's times and ours.

use calcard::common::PartialDateTime;
use jiff::{
    civil::{Date, DateTime, Time},
    tz::Offset,
};

use crate::{Zone, limits::YEARS};

/// The local time in `zone` of a time in a file: as it stands there, or turned from UTC. None for what is no time, and
/// for years that we do not take.
pub(crate) fn civil(time: &PartialDateTime, zone: &Zone) -> Option<DateTime> {
    let small = |part: Option<u8>| i8::try_from(part.unwrap_or_default()).ok();
    let year = i16::try_from(time.year?).ok().filter(|year| YEARS.contains(year))?;
    let date = Date::new(year, small(Some(time.month?))?, small(Some(time.day?))?).ok()?;
    // A leap second is the last second.
    let second = small(time.second)?.min(59);
    let clock = Time::new(small(time.hour)?, small(time.minute)?, second, 0).ok()?;
    let local = date.to_datetime(clock);
    let Some(hours) = time.tz_hour else { return Some(local) };
    let seconds = i32::from(hours) * 3_600 + i32::from(time.tz_minute.unwrap_or_default()) * 60;
    let offset = Offset::from_seconds(if time.tz_minus { -seconds } else { seconds }).ok()?;
    let at_ms = u64::try_from(offset.to_timestamp(local).ok()?.as_millisecond()).ok()?;
    Some(zone.local(at_ms))
}

/// A time in milliseconds since 1970, of a time in UTC.
pub(super) fn milliseconds(time: &PartialDateTime) -> Option<u64> {
    civil(time, &Zone::utc()).map(|utc| Zone::utc().at(utc).at_ms)
}

/// A local time, without a word on its zone.
pub(crate) fn partial(local: DateTime) -> PartialDateTime {
    let part = |value: i8| Some(value.unsigned_abs());
    PartialDateTime {
        year: Some(local.year().unsigned_abs()),
        month: part(local.month()),
        day: part(local.day()),
        hour: part(local.hour()),
        minute: part(local.minute()),
        second: part(local.second()),
        ..PartialDateTime::default()
    }
}

/// A day.
pub(super) fn partial_day(local: DateTime) -> PartialDateTime {
    PartialDateTime { hour: None, minute: None, second: None, ..partial(local) }
}

/// A time in UTC.
pub(super) fn partial_utc(at_ms: u64) -> PartialDateTime {
    PartialDateTime { tz_hour: Some(0), tz_minute: Some(0), ..partial(Zone::utc().local(at_ms)) }
}

//! Busy times in iCalendar: `VFREEBUSY`.

use calcard::icalendar::{
    ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarFreeBusyType, ICalendarParameter,
    ICalendarParameterName, ICalendarParameterValue, ICalendarPeriod, ICalendarProperty, ICalendarValue,
};

use super::{
    measure::measured,
    read::parse,
    times::{milliseconds, partial_utc},
    write,
};
use crate::{
    Busy, BusyKind, CalendarError, Span,
    limits::{FEED_BYTES_MAX, INTERVALS_MAX},
};

/// Writes busy times, without what makes people busy.
#[must_use]
pub fn write_busy(intervals: &[Busy], within: Span, stamp_ms: u64) -> String {
    let mut out = ICalendarComponent::new(ICalendarComponentType::VFreebusy);
    out.add_property(
        ICalendarProperty::Uid,
        format!("free-busy-{}-{}", within.from_ms, within.until_ms).as_str(),
    );
    out.add_property(ICalendarProperty::Dtstamp, partial_utc(stamp_ms));
    out.add_property(ICalendarProperty::Dtstart, partial_utc(within.from_ms));
    out.add_property(ICalendarProperty::Dtend, partial_utc(within.until_ms));
    for busy in intervals {
        let kind = match busy.kind {
            BusyKind::Busy => ICalendarFreeBusyType::Busy,
            BusyKind::Tentative => ICalendarFreeBusyType::BusyTentative,
            BusyKind::OutOfOffice => ICalendarFreeBusyType::BusyUnavailable,
        };
        let period =
            ICalendarPeriod::Range { start: partial_utc(busy.from_ms), end: partial_utc(busy.until_ms) };
        let entry = ICalendarEntry::new(ICalendarProperty::Freebusy);
        let kind = ICalendarParameter::new(ICalendarParameterName::Fbtype, kind);
        out.entries.push(entry.with_param(kind).with_value(period));
    }
    let mut file = write::file(None);
    write::add(&mut file, (out, Vec::new()));
    write::finished(file)
}

/// Reads the busy times of a file; none if it has no `VFREEBUSY`.
///
/// # Errors
/// As for [`super::read_feed`].
pub fn read_busy(bytes: &[u8]) -> Result<Option<Vec<Busy>>, CalendarError> {
    let calendar = parse(&measured(bytes, FEED_BYTES_MAX)?)?;
    let mut answers = calendar
        .components
        .iter()
        .filter(|component| component.component_type == ICalendarComponentType::VFreebusy)
        .peekable();
    if answers.peek().is_none() {
        return Ok(None);
    }
    let entries = answers.flat_map(|answer| answer.properties(&ICalendarProperty::Freebusy));
    Ok(Some(entries.flat_map(intervals).take(INTERVALS_MAX).collect()))
}

fn intervals(entry: &ICalendarEntry) -> impl Iterator<Item = Busy> {
    let kind = match entry.parameter(&ICalendarParameterName::Fbtype) {
        Some(ICalendarParameterValue::Fbtype(ICalendarFreeBusyType::Free)) => None,
        Some(ICalendarParameterValue::Fbtype(ICalendarFreeBusyType::BusyTentative)) => {
            Some(BusyKind::Tentative)
        }
        Some(ICalendarParameterValue::Fbtype(ICalendarFreeBusyType::BusyUnavailable)) => {
            Some(BusyKind::OutOfOffice)
        }
        _ => Some(BusyKind::Busy),
    };
    entry.values.iter().filter_map(move |value| {
        let ICalendarValue::Period(period) = value else { return None };
        let (from_ms, until_ms) = match period {
            ICalendarPeriod::Range { start, end } => (milliseconds(start)?, milliseconds(end)?),
            ICalendarPeriod::Duration { start, duration } => {
                let from_ms = milliseconds(start)?;
                (from_ms, from_ms.saturating_add(u64::try_from(duration.as_seconds()).ok()? * 1_000))
            }
        };
        (from_ms < until_ms).then_some(Busy { from_ms, until_ms, kind: kind?, title: None })
    })
}

//! When an event happens: the instances of a series, in local time of its zone, and what was changed in them.

use calcard::{
    common::timezone::Tz,
    icalendar::{ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarProperty},
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::{
    CalendarError, Event, EventStatus, Recurrence, RecurrenceId, Span, error::fenced, ics::partial,
    limits::FOREIGN_INSTANCES_MAX,
};

/// One instance of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Which it is: its start as the rule has it.
    pub id: RecurrenceId,
    /// When it begins, in milliseconds since 1970.
    pub start_ms: u64,
    /// When it ends, in milliseconds since 1970, exclusive.
    pub end_ms: u64,
    /// What the clocks of the event's zone show when it begins.
    pub start: DateTime,
    /// What the clocks of the event's zone show when it ends.
    pub end: DateTime,
    /// Whether the wanted time does not exist on that day and moved forward.
    pub was_moved: bool,
    /// Whether it does not take place.
    pub is_cancelled: bool,
    /// Whether it differs from the series.
    pub is_override: bool,
}

impl Event {
    /// The instances that touch `within`, in the order of their starts.
    ///
    /// # Errors
    /// [`CalendarError::Recurrence`] for a rule that cannot be expanded, or not to the end of `within`.
    pub fn occurrences(&self, within: Span) -> Result<Vec<Occurrence>, CalendarError> {
        Ok(self.counted_occurrences(within, FOREIGN_INSTANCES_MAX)?.0)
    }

    /// The same, looking at `instances_max` instances at most; and how many were looked at.
    pub(crate) fn counted_occurrences(
        &self,
        within: Span,
        instances_max: usize,
    ) -> Result<(Vec<Occurrence>, usize), CalendarError> {
        let starts = self.starts(instances_max)?;
        let looked_at = starts.len();
        let is_cut = self.rrule.is_some() && looked_at >= instances_max;
        if is_cut && starts.last().is_none_or(|last| self.zone.at(*last).at_ms < within.until_ms) {
            return Err(CalendarError::Recurrence("too many instances".to_owned()));
        }
        let added = self.overrides.keys().filter(|id| starts.binary_search(id).is_err());
        let ids = starts.iter().chain(added).filter(|id| !self.exdates.contains(*id));
        let mut found: Vec<_> = ids
            .map(|id| self.occurrence(*id))
            .filter(|one| within.touches(one.start_ms, one.end_ms))
            .collect();
        found.sort_by_key(|occurrence| (occurrence.start_ms, occurrence.id));
        Ok((found, looked_at))
    }

    /// One instance, as it is now; nothing is asked about whether the rule has it.
    #[must_use]
    pub fn occurrence(&self, id: RecurrenceId) -> Occurrence {
        let change = self.overrides.get(&id);
        let begins = self.zone.at(change.and_then(|change| change.start).unwrap_or(id));
        let end = match change.and_then(|change| change.end) {
            Some(end) => self.zone.at(end),
            None if self.all_day => {
                let days = self.start.date().duration_until(self.end.date());
                self.zone.at(begins.local.saturating_add(days))
            }
            None => {
                // All instances take the same time, whatever the clocks do meanwhile.
                let length_ms = self.zone.at(self.end).at_ms.saturating_sub(self.zone.at(self.start).at_ms);
                let end_ms = begins.at_ms.saturating_add(length_ms);
                crate::Moment { at_ms: end_ms, local: self.zone.local(end_ms), was_moved: false }
            }
        };
        let status = change.and_then(|change| change.status).unwrap_or(self.status);
        Occurrence {
            id,
            start_ms: begins.at_ms,
            end_ms: end.at_ms.max(begins.at_ms),
            start: begins.local,
            end: end.local,
            was_moved: begins.was_moved,
            is_cancelled: status == EventStatus::Cancelled || self.status == EventStatus::Cancelled,
            is_override: change.is_some(),
        }
    }

    /// The next instance that takes place and begins at or after `at_ms`.
    ///
    /// # Errors
    /// As for [`Event::occurrences`].
    pub fn next_from(&self, at_ms: u64) -> Result<Option<Occurrence>, CalendarError> {
        let starts = self.starts(FOREIGN_INSTANCES_MAX)?;
        let added = self.overrides.keys().filter(|id| starts.binary_search(id).is_err());
        let ids = starts.iter().chain(added).filter(|id| !self.exdates.contains(*id));
        let all = ids.map(|id| self.occurrence(*id));
        Ok(all.filter(|one| one.start_ms >= at_ms && !one.is_cancelled).min_by_key(|one| one.start_ms))
    }

    /// The starts that the rule has, in local time, ascending, at most `instances_max`. The first is always one of them.
    pub(crate) fn starts(&self, instances_max: usize) -> Result<Vec<DateTime>, CalendarError> {
        self.rrule
            .as_ref()
            .map_or_else(|| Ok(vec![self.start]), |rule| rule.starts(self.start, instances_max))
    }
}

impl Recurrence {
    /// The starts of a series whose first is `start`, in local time, ascending, at most `instances_max`. `start` is always
    /// one of them, whether or not the rule has it.
    ///
    /// # Errors
    /// [`CalendarError::Recurrence`] for a rule that cannot be expanded.
    pub fn starts(&self, start: DateTime, instances_max: usize) -> Result<Vec<DateTime>, CalendarError> {
        let mut event = ICalendarComponent::new(ICalendarComponentType::VEvent);
        event.add_property(ICalendarProperty::Dtstart, partial(start));
        event.add_property(ICalendarProperty::Rrule, self.0.clone());
        let mut root = ICalendarComponent::new(ICalendarComponentType::VCalendar);
        root.component_ids.push(1);
        let calendar = ICalendar { components: vec![root, event] };
        // Without a zone the library counts in local time; which moment that is, the zone says afterwards.
        let expanded = fenced(|| calendar.expand_dates(Tz::Floating, instances_max))?;
        if let Some(error) = expanded.errors.first() {
            return Err(CalendarError::Recurrence(format!("{:?}", error.error)));
        }
        let mut starts = vec![start];
        for event in expanded.events {
            let seconds = event.start.naive_local().and_utc().timestamp();
            let shown = Timestamp::from_second(seconds)
                .map_err(|error| CalendarError::Recurrence(error.to_string()))?;
            starts.push(TimeZone::UTC.to_datetime(shown));
        }
        starts.sort_unstable();
        starts.dedup();
        let count = self.count().and_then(|count| usize::try_from(count).ok()).unwrap_or(instances_max);
        starts.truncate(count.min(instances_max));
        Ok(starts)
    }
}

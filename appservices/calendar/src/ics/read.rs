//! Events out of a file.

use std::collections::{BTreeMap, BTreeSet};

use calcard::{
    Entry, Parser,
    common::PartialDateTime,
    icalendar::{
        ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarProperty,
        ICalendarValue, timezone::TzResolver,
    },
};
use jiff::{ToSpan as _, civil::DateTime};

use super::{
    Calendar, Item, Method,
    fields::{self, BUSY_STATUS},
    measure::measured,
    times::{civil, milliseconds},
};
use crate::{
    CalendarError, Conference, ConferenceKind, Event, EventStatus, Override, Recurrence, RecurrenceId, Zone,
    error::fenced,
    limits::{FEED_BYTES_MAX, OBJECT_BYTES_MAX},
    recurrence::{NEVER_MOVES, never_moves},
};

/// Reads a file that is meant for us: every event in it must be readable. `floating` is the zone of times that name none.
///
/// # Errors
/// [`CalendarError::Zone`] for an unknown zone, [`CalendarError::TooLarge`], [`CalendarError::Unreadable`].
pub fn read(bytes: &[u8], floating: &Zone) -> Result<Calendar, CalendarError> {
    let text = measured(bytes, OBJECT_BYTES_MAX)?;
    events(&parse(&text)?, &standing_still(&text), floating, true)
}

/// Reads a feed of somebody else's: what cannot be read in it is left out and named in [`Calendar::skipped`].
///
/// # Errors
/// [`CalendarError::TooLarge`], [`CalendarError::Unreadable`] for what is no calendar at all.
pub fn read_feed(bytes: &[u8], floating: &Zone) -> Result<Calendar, CalendarError> {
    let text = measured(bytes, FEED_BYTES_MAX)?;
    events(&parse(&text)?, &standing_still(&text), floating, false)
}

/// The events of a file, by their place among its events, that have a rule which never moves. What the library read does
/// not show it any more.
fn standing_still(text: &str) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut events = 0_usize;
    // A line that is too long goes on in lines that begin with a space.
    let unfolded = text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
    for line in unfolded.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let name = name.split(';').next().unwrap_or_default();
        if name.eq_ignore_ascii_case("BEGIN") && value.trim().eq_ignore_ascii_case("VEVENT") {
            events += 1;
        } else if name.eq_ignore_ascii_case("RRULE") && never_moves(value) && events > 0 {
            found.insert(events - 1);
        }
    }
    found
}

pub(super) fn parse(text: &str) -> Result<ICalendar, CalendarError> {
    let unreadable = |reason: &str| CalendarError::Unreadable(reason.to_owned());
    match fenced(|| Parser::new(text).entry())? {
        Entry::ICalendar(calendar)
            if calendar
                .components
                .first()
                .is_some_and(|root| root.component_type == ICalendarComponentType::VCalendar) =>
        {
            Ok(calendar)
        }
        Entry::TooManyComponents => Err(CalendarError::TooLarge("the number of components")),
        _ => Err(unreadable("this is no iCalendar file: it must begin with BEGIN:VCALENDAR")),
    }
}

/// What the parts of one uid are.
#[derive(Default)]
struct Parts {
    series: Option<Event>,
    instances: Vec<(RecurrenceId, Event)>,
}

fn events(
    calendar: &ICalendar,
    standing_still: &BTreeSet<usize>,
    floating: &Zone,
    is_strict: bool,
) -> Result<Calendar, CalendarError> {
    let zones = Zones { resolver: calendar.build_tz_resolver(), floating };
    let method = calendar.components.first().and_then(|root| root.property(&ICalendarProperty::Method));
    let method = method.and_then(|entry| match entry.values.first() {
        Some(ICalendarValue::Method(method)) => Some(Method::of_library(method)),
        _ => None,
    });
    let mut read = Calendar { method, ..Calendar::default() };
    let mut order = Vec::new();
    let mut uids: BTreeMap<String, Parts> = BTreeMap::new();
    let all = calendar.components.iter();
    let all = all.filter(|component| component.component_type == ICalendarComponentType::VEvent);
    for (number, component) in all.enumerate() {
        let found = if standing_still.contains(&number) {
            Err(CalendarError::Recurrence(NEVER_MOVES.to_owned()))
        } else {
            event(calendar, component, &zones, method)
        };
        let (event, instance) = match found {
            Ok(found) => found,
            Err(error) if is_strict => return Err(error),
            Err(error) => {
                read.skipped.push(error.to_string());
                continue;
            }
        };
        let parts = uids.entry(event.uid.clone()).or_insert_with(|| {
            order.push(event.uid.clone());
            Parts::default()
        });
        match instance {
            Some(instance) => parts.instances.push((instance, event)),
            // Two whole events of one uid: the newer version counts.
            None => match &parts.series {
                Some(kept) if (kept.sequence, kept.stamp_ms) > (event.sequence, event.stamp_ms) => {}
                Some(_) | None => parts.series = Some(event),
            },
        }
    }
    for uid in order {
        let Some(parts) = uids.remove(&uid) else { continue };
        read.items.extend(joined(parts));
    }
    Ok(read)
}

/// Puts the exceptions of a series into it.
fn joined(parts: Parts) -> Vec<Item> {
    let Some(mut series) = parts.series else {
        return parts
            .instances
            .into_iter()
            .map(|(instance, event)| Item { event, instance: Some(instance) })
            .collect();
    };
    for (instance, event) in parts.instances {
        let id = series.instance_named(instance, &event.zone, event.all_day);
        let change = Override::of(&series, id, &event);
        series.overrides.insert(id, change);
    }
    vec![series.into()]
}

struct Zones<'a> {
    resolver: TzResolver<&'a str>,
    floating: &'a Zone,
}

impl Zones<'_> {
    /// The zone of a time: the one that it names, UTC, or that of the reader.
    fn of(&self, entry: &ICalendarEntry, time: &PartialDateTime) -> Result<Zone, CalendarError> {
        match entry.tz_id() {
            Some(name) => Zone::find(name)
                .or_else(|| self.resolver.resolve(name).and_then(Zone::of_tz))
                .ok_or_else(|| CalendarError::Zone(name.chars().take(100).collect())),
            None if time.has_zone() => Ok(Zone::utc()),
            None => Ok(self.floating.clone()),
        }
    }
}

fn times<'a>(
    component: &'a ICalendarComponent,
    property: &'a ICalendarProperty,
) -> impl Iterator<Item = (&'a ICalendarEntry, &'a PartialDateTime)> {
    component.properties(property).flat_map(|entry| {
        entry.values.iter().filter_map(move |value| Some((entry, value.as_partial_date_time()?)))
    })
}

fn event(
    calendar: &ICalendar,
    component: &ICalendarComponent,
    zones: &Zones<'_>,
    method: Option<Method>,
) -> Result<(Event, Option<RecurrenceId>), CalendarError> {
    let unreadable = |reason: &str| CalendarError::Unreadable(reason.to_owned());
    let uid = component.uid().map(str::trim).filter(|uid| !uid.is_empty());
    let uid = uid.ok_or_else(|| unreadable("an event has no UID"))?.to_owned();
    let (entry, time) =
        start(component, method).ok_or_else(|| unreadable("an event has no readable DTSTART"))?;
    let zone = zones.of(entry, time)?;
    let all_day = crate::recurrence::is_day(time);
    let start = civil(time, &zone).ok_or_else(|| unreadable("DTSTART is no time that can be"))?;
    let end = end(component, zones, start, &zone, all_day)?;
    let mut event = Event::new(uid, fields::text(component, &ICalendarProperty::Summary), start, end, zone);
    event.all_day = all_day;
    event.sequence = fields::integer(component, &ICalendarProperty::Sequence)
        .and_then(|sequence| u32::try_from(sequence).ok())
        .unwrap_or_default();
    let stamp = times(component, &ICalendarProperty::Dtstamp).next();
    event.stamp_ms = stamp.and_then(|(_, time)| milliseconds(time)).unwrap_or_default();
    event.description = fields::text(component, &ICalendarProperty::Description);
    event.location =
        Some(fields::text(component, &ICalendarProperty::Location)).filter(|place| !place.is_empty());
    event.status = fields::status(component).unwrap_or_default();
    event.transparency = fields::transparency(component);
    match fields::extension(component, BUSY_STATUS).as_str() {
        "OOF" => event.out_of_office = true,
        "TENTATIVE" if event.status == EventStatus::Confirmed => event.status = EventStatus::Tentative,
        _ => {}
    }
    event.organizer = fields::organizer(component);
    event.attendees = fields::attendees(component);
    event.conference = conference(component);
    event.reminders = reminders(calendar, component);
    event.rrule = rule(component, &event)?;
    event.exdates = instances(component, &ICalendarProperty::Exdate, zones, &event)?.into_iter().collect();
    let rdates = instances(component, &ICalendarProperty::Rdate, zones, &event)?;
    // An added date is an instance that the rule does not have.
    event
        .overrides
        .extend(rdates.into_iter().map(|date| (date, Override { start: Some(date), ..Override::default() })));
    let instance = instances(component, &ICalendarProperty::RecurrenceId, zones, &event)?.into_iter().next();
    Ok((event, instance))
}

/// When an event starts. What only refers to one need not say so (RFC 5546): there it is the instance that is meant, else the
/// moment of writing, which says nothing about the event.
fn start(
    component: &ICalendarComponent,
    method: Option<Method>,
) -> Option<(&ICalendarEntry, &PartialDateTime)> {
    let refers =
        matches!(method, Some(Method::Reply | Method::Refresh | Method::Cancel | Method::DeclineCounter));
    let instead: &[ICalendarProperty] = match refers {
        true => &[ICalendarProperty::RecurrenceId, ICalendarProperty::Dtstamp],
        false => &[],
    };
    let said = times(component, &ICalendarProperty::Dtstart).next();
    said.or_else(|| instead.iter().find_map(|property| times(component, property).next()))
}

/// When an event ends: as it says, after its duration, or by default at once, or after one day.
fn end(
    component: &ICalendarComponent,
    zones: &Zones<'_>,
    start: DateTime,
    zone: &Zone,
    all_day: bool,
) -> Result<DateTime, CalendarError> {
    let unreadable = |reason: &str| CalendarError::Unreadable(reason.to_owned());
    if let Some((entry, time)) = times(component, &ICalendarProperty::Dtend).next() {
        let own = zones.of(entry, time)?;
        let end = civil(time, &own).ok_or_else(|| unreadable("DTEND is no time that can be"))?;
        let end = if all_day || own == *zone { end } else { zone.local(own.at(end).at_ms) };
        // Some programs say that a day ends on itself.
        let is_same_day = all_day && end == start;
        return if is_same_day { next_day(start) } else { Ok(end) };
    }
    let duration = component.property(&ICalendarProperty::Duration).and_then(|entry| entry.values.first());
    if let Some(ICalendarValue::Duration(duration)) = duration {
        if duration.neg {
            return Err(unreadable("the duration is negative"));
        }
        let days = i64::from(duration.weeks) * 7 + i64::from(duration.days);
        let seconds = i64::from(duration.hours) * 3_600
            + i64::from(duration.minutes) * 60
            + i64::from(duration.seconds);
        let span = jiff::Span::new().try_days(days).and_then(|span| span.try_seconds(seconds));
        return span
            .and_then(|span| start.checked_add(span))
            .map_err(|_| unreadable("the duration is no time that can be"));
    }
    if all_day { next_day(start) } else { Ok(start) }
}

fn next_day(start: DateTime) -> Result<DateTime, CalendarError> {
    start.checked_add(1.day()).map_err(|error| CalendarError::Unreadable(error.to_string()))
}

fn rule(component: &ICalendarComponent, event: &Event) -> Result<Option<Recurrence>, CalendarError> {
    let Some(entry) = component.property(&ICalendarProperty::Rrule) else { return Ok(None) };
    match entry.values.first() {
        Some(ICalendarValue::RecurrenceRule(rule)) => {
            let rule = Recurrence::localised((**rule).clone(), &event.zone, event.all_day);
            Ok(Some(rule.simplified(event.start)))
        }
        Some(ICalendarValue::Text(text)) => Err(CalendarError::Recurrence(text.chars().take(100).collect())),
        _ => Err(CalendarError::Recurrence(String::new())),
    }
}

/// The instances that a property names, in local time of the series.
fn instances(
    component: &ICalendarComponent,
    property: &ICalendarProperty,
    zones: &Zones<'_>,
    event: &Event,
) -> Result<BTreeSet<RecurrenceId>, CalendarError> {
    let mut found = BTreeSet::new();
    for (entry, time) in times(component, property) {
        let own = zones.of(entry, time)?;
        let Some(local) = civil(time, &own) else { continue };
        found.insert(event.instance_named(local, &own, crate::recurrence::is_day(time)));
    }
    Ok(found)
}

fn conference(component: &ICalendarComponent) -> Option<Conference> {
    let links = [ICalendarProperty::Conference, ICalendarProperty::Url];
    let url = links.iter().find_map(|property| component.property(property).and_then(fields::link))?;
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    is_web.then(|| Conference { kind: ConferenceKind::Url, url: url.to_owned(), room_id: None })
}

/// Minutes before the start of each alarm that fires before it.
fn reminders(calendar: &ICalendar, component: &ICalendarComponent) -> Vec<u32> {
    let alarms = component.component_ids.iter().filter_map(|id| calendar.component_by_id(*id));
    let alarms = alarms.filter(|alarm| alarm.component_type == ICalendarComponentType::VAlarm);
    let minutes =
        alarms.filter_map(|alarm| match alarm.property(&ICalendarProperty::Trigger)?.values.first()? {
            ICalendarValue::Duration(before) if before.neg || before.is_empty() => {
                u32::try_from(before.as_seconds().unsigned_abs() / 60).ok()
            }
            _ => None,
        });
    minutes.collect::<BTreeSet<_>>().into_iter().rev().collect()
}

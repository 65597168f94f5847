//! Events into a file.

use calcard::{
    common::PartialDateTime,
    icalendar::{
        ICalendar, ICalendarAction, ICalendarComponent, ICalendarComponentType, ICalendarDuration,
        ICalendarEntry, ICalendarParameter, ICalendarParameterName, ICalendarParticipationRole,
        ICalendarParticipationStatus, ICalendarProperty, ICalendarStatus, ICalendarTransparency,
        ICalendarUserTypes, ICalendarValue, ICalendarValueType, Uri,
    },
};
use jiff::civil::DateTime;

use super::{
    Item, Method, carets,
    fields::BUSY_STATUS,
    times::{partial, partial_day, partial_utc},
};
use crate::{
    Address, Attendee, Event, EventStatus, Occurrence, Override, Partstat, RecurrenceId, Role, Transparency,
    Zone,
};

/// Who wrote a file.
const PRODUCT: &str = "-//Lianqiao//Calendar//EN";

/// Writes events and series with their exceptions. Every zone that is named is described.
#[must_use]
pub fn write(method: Option<Method>, events: &[Event]) -> String {
    let mut file = file(method);
    for event in events {
        add(&mut file, component(event, None));
        for (id, change) in event.overrides.iter().filter(|(id, change)| !is_date(**id, change)) {
            add(&mut file, component(&change.applied(event, *id), Some((event, *id))));
        }
    }
    finished(file)
}

/// Writes one item: an event, a series, or one instance without its series.
#[must_use]
pub fn write_item(method: Option<Method>, item: &Item) -> String {
    match item.instance {
        None => write(method, std::slice::from_ref(&item.event)),
        Some(id) => {
            let mut file = file(method);
            add(&mut file, component(&item.event, Some((&item.event, id))));
            finished(file)
        }
    }
}

/// Writes instances of an event one by one, in UTC, as they are when somebody asked for them so.
#[must_use]
pub(crate) fn write_expanded(event: &Event, occurrences: &[Occurrence]) -> String {
    let mut file = file(None);
    let unchanged = Override::default();
    for one in occurrences {
        let change = event.overrides.get(&one.id).unwrap_or(&unchanged);
        let mut instance = change.applied(event, one.id);
        let mut id = one.id;
        if !event.all_day {
            let utc = Zone::utc();
            instance.start = utc.local(one.start_ms);
            instance.end = utc.local(one.end_ms);
            id = utc.local(event.zone.at(one.id).at_ms);
            instance.zone = utc;
        }
        let of = event.rrule.is_some().then_some((&instance, id));
        let written = component(&instance, of);
        add(&mut file, written);
    }
    finished(file)
}

/// Whether an exception is nothing but one more date.
fn is_date(id: RecurrenceId, change: &Override) -> bool {
    *change == Override { start: Some(id), ..Override::default() }
}

pub(super) fn file(method: Option<Method>) -> ICalendar {
    let mut root = ICalendarComponent::new(ICalendarComponentType::VCalendar);
    root.add_property(ICalendarProperty::Version, "2.0");
    root.add_property(ICalendarProperty::Prodid, PRODUCT);
    root.add_property(ICalendarProperty::Calscale, "GREGORIAN");
    if let Some(method) = method {
        root.add_property(ICalendarProperty::Method, method.to_library());
    }
    ICalendar { components: vec![root] }
}

/// Adds a component with its parts below the root.
pub(super) fn add(
    file: &mut ICalendar,
    (mut component, parts): (ICalendarComponent, Vec<ICalendarComponent>),
) {
    let place = u32::try_from(file.components.len()).unwrap_or(u32::MAX);
    component.component_ids = (1..).map(|part| place + part).take(parts.len()).collect();
    if let Some(root) = file.components.first_mut() {
        root.component_ids.push(place);
    }
    file.components.push(component);
    file.components.extend(parts);
}

pub(super) fn finished(mut file: ICalendar) -> String {
    file.add_missing_timezones();
    file.to_string()
}

fn component(
    event: &Event,
    of: Option<(&Event, RecurrenceId)>,
) -> (ICalendarComponent, Vec<ICalendarComponent>) {
    let mut out = ICalendarComponent::new(ICalendarComponentType::VEvent);
    out.add_property(ICalendarProperty::Uid, event.uid.as_str());
    out.add_property(ICalendarProperty::Dtstamp, partial_utc(event.stamp_ms));
    out.add_property(ICalendarProperty::Sequence, i64::from(event.sequence));
    let clock = Clock { zone: &event.zone, all_day: event.all_day };
    out.entries.push(clock.entry(ICalendarProperty::Dtstart, [event.start]));
    out.entries.push(clock.entry(ICalendarProperty::Dtend, [event.end]));
    if let Some((series, id)) = of {
        let clock = Clock { zone: &series.zone, all_day: series.all_day };
        out.entries.push(clock.entry(ICalendarProperty::RecurrenceId, [id]));
    } else {
        recurrence(&mut out, event, &clock);
    }
    words(&mut out, event);
    if let Some(organizer) = &event.organizer {
        let entry = party(ICalendarProperty::Organizer, &organizer.address, &organizer.name);
        out.entries.push(entry);
    }
    out.entries.extend(event.attendees.iter().map(attendee));
    let alarms = event.reminders.iter().map(|minutes| alarm(*minutes, &event.title)).collect();
    (out, alarms)
}

/// How times of an event are written.
struct Clock<'a> {
    zone: &'a Zone,
    all_day: bool,
}

impl Clock<'_> {
    fn entry(
        &self,
        property: ICalendarProperty,
        times: impl IntoIterator<Item = DateTime>,
    ) -> ICalendarEntry {
        let is_utc = *self.zone == Zone::utc();
        let value = |local: DateTime| -> PartialDateTime {
            match (self.all_day, is_utc) {
                (true, _) => partial_day(local),
                (false, true) => partial_utc(self.zone.at(local).at_ms),
                (false, false) => partial(local),
            }
        };
        let values = times.into_iter().map(|local| value(local).into()).collect();
        let entry = ICalendarEntry::new(property).with_values(values);
        match (self.all_day, is_utc) {
            (true, _) => entry.with_param(ICalendarParameter::value(ICalendarValueType::Date)),
            (false, true) => entry,
            (false, false) => entry.with_param(ICalendarParameter::tzid(self.zone.as_str().to_owned())),
        }
    }
}

fn recurrence(out: &mut ICalendarComponent, event: &Event, clock: &Clock<'_>) {
    if let Some(rule) = &event.rrule {
        let mut written = rule.0.clone();
        // The end of a rule is a day where the start is one, and a time in UTC elsewhere.
        written.until = rule.until().map(|until| {
            if event.all_day { partial_day(until) } else { partial_utc(event.zone.at(until).at_ms) }
        });
        out.add_property(ICalendarProperty::Rrule, written);
    }
    if !event.exdates.is_empty() {
        out.entries.push(clock.entry(ICalendarProperty::Exdate, event.exdates.iter().copied()));
    }
    let dates = event.overrides.iter().filter(|(id, change)| is_date(**id, change)).map(|(id, _)| *id);
    let dates: Vec<_> = dates.collect();
    if !dates.is_empty() {
        out.entries.push(clock.entry(ICalendarProperty::Rdate, dates));
    }
}

fn words(out: &mut ICalendarComponent, event: &Event) {
    out.add_property(ICalendarProperty::Summary, event.title.as_str());
    if !event.description.is_empty() {
        out.add_property(ICalendarProperty::Description, event.description.as_str());
    }
    if let Some(place) = &event.location {
        out.add_property(ICalendarProperty::Location, place.as_str());
    }
    if let Some(conference) = &event.conference {
        let link = ICalendarEntry::new(ICalendarProperty::Conference)
            .with_param(ICalendarParameter::value(ICalendarValueType::Uri))
            .with_value(Uri::Location(conference.url.clone()));
        out.entries.push(link);
        // Most clients show this one.
        let url = ICalendarEntry::new(ICalendarProperty::Url);
        out.entries.push(url.with_value(Uri::Location(conference.url.clone())));
    }
    out.add_property(
        ICalendarProperty::Status,
        match event.status {
            EventStatus::Tentative => ICalendarStatus::Tentative,
            EventStatus::Confirmed => ICalendarStatus::Confirmed,
            EventStatus::Cancelled => ICalendarStatus::Cancelled,
        },
    );
    out.add_property(
        ICalendarProperty::Transp,
        match event.transparency {
            Transparency::Opaque => ICalendarTransparency::Opaque,
            Transparency::Transparent => ICalendarTransparency::Transparent,
        },
    );
    if event.out_of_office {
        out.add_property(ICalendarProperty::Other(BUSY_STATUS.to_owned()), "OOF");
    }
}

fn party(property: ICalendarProperty, address: &Address, name: &str) -> ICalendarEntry {
    let mut entry = ICalendarEntry::new(property).with_value(Uri::Location(address.to_string()));
    if !name.is_empty() {
        entry.add_param(ICalendarParameter::cn(carets::written(name)));
    }
    entry
}

fn attendee(attendee: &Attendee) -> ICalendarEntry {
    let mut entry = party(ICalendarProperty::Attendee, &attendee.address, &attendee.name);
    if matches!(attendee.address, Address::Resource(_)) {
        entry.add_param(ICalendarParameter::cutype(ICalendarUserTypes::Resource));
    }
    entry.add_param(ICalendarParameter::role(match attendee.role {
        Role::Chair => ICalendarParticipationRole::Chair,
        Role::Required => ICalendarParticipationRole::ReqParticipant,
        Role::Optional => ICalendarParticipationRole::OptParticipant,
    }));
    entry.add_param(ICalendarParameter::partstat(match attendee.partstat {
        Partstat::NeedsAction => ICalendarParticipationStatus::NeedsAction,
        Partstat::Accepted => ICalendarParticipationStatus::Accepted,
        Partstat::Tentative => ICalendarParticipationStatus::Tentative,
        Partstat::Declined => ICalendarParticipationStatus::Declined,
        Partstat::Delegated => ICalendarParticipationStatus::Delegated,
    }));
    if attendee.partstat == Partstat::NeedsAction {
        entry.add_param(ICalendarParameter::new(ICalendarParameterName::Rsvp, true));
    }
    entry
}

fn alarm(minutes: u32, title: &str) -> ICalendarComponent {
    let mut out = ICalendarComponent::new(ICalendarComponentType::VAlarm);
    out.add_property(ICalendarProperty::Action, ICalendarAction::Display);
    out.add_property(ICalendarProperty::Description, title);
    let before = ICalendarDuration { neg: true, minutes, ..ICalendarDuration::default() };
    out.add_property(ICalendarProperty::Trigger, ICalendarValue::Duration(before));
    out
}

//! Single properties of an event, as the library gives them.

use calcard::icalendar::{
    ICalendarComponent, ICalendarEntry, ICalendarParameterName, ICalendarParameterValue,
    ICalendarParticipationRole, ICalendarParticipationStatus, ICalendarProperty, ICalendarStatus,
    ICalendarTransparency, ICalendarValue, Uri,
};

use super::carets;
use crate::{Address, Attendee, EventStatus, Partstat, Party, Role, Transparency};

/// The text of a property; empty when there is none.
pub(super) fn text(component: &ICalendarComponent, property: &ICalendarProperty) -> String {
    let value = component.property(property).and_then(|entry| entry.values.first());
    value.and_then(ICalendarValue::as_text).unwrap_or_default().trim().to_owned()
}

/// A whole number.
pub(super) fn integer(component: &ICalendarComponent, property: &ICalendarProperty) -> Option<i64> {
    component.property(property).and_then(|entry| entry.values.first()).and_then(ICalendarValue::as_integer)
}

/// The property of this name that only some programs know.
pub(super) fn extension(component: &ICalendarComponent, name: &str) -> String {
    let found = component.entries.iter().find(
        |entry| matches!(&entry.name, ICalendarProperty::Other(other) if other.eq_ignore_ascii_case(name)),
    );
    let value = found.and_then(|entry| entry.values.first());
    value.and_then(ICalendarValue::as_text).unwrap_or_default().trim().to_owned()
}

/// A link.
pub(super) fn link(entry: &ICalendarEntry) -> Option<&str> {
    match entry.values.first()? {
        ICalendarValue::Uri(Uri::Location(link)) => Some(link),
        ICalendarValue::Text(link) => Some(link),
        _ => None,
    }
}

fn name_of(entry: &ICalendarEntry) -> String {
    let name = entry.parameter(&ICalendarParameterName::Cn).and_then(ICalendarParameterValue::as_text);
    carets::read(name.unwrap_or_default().trim())
}

/// Whose address a property is. One that has a mailbox beside another kind of address is reached by mail.
fn address(entry: &ICalendarEntry) -> Option<Address> {
    let own = entry.values.first().and_then(ICalendarValue::as_text).and_then(|text| text.parse().ok());
    own.or_else(|| {
        let mailbox = entry.parameter(&ICalendarParameterName::Email)?.as_text()?;
        format!("mailto:{mailbox}").parse().ok()
    })
}

pub(super) fn organizer(component: &ICalendarComponent) -> Option<Party> {
    let entry = component.property(&ICalendarProperty::Organizer)?;
    Some(Party { address: address(entry)?, name: name_of(entry) })
}

/// The attendees that can be reached; each once.
pub(super) fn attendees(component: &ICalendarComponent) -> Vec<Attendee> {
    let mut attendees: Vec<Attendee> = Vec::new();
    let mut known = std::collections::BTreeSet::new();
    for entry in component.properties(&ICalendarProperty::Attendee) {
        let Some(address) = address(entry) else { continue };
        if known.insert(address.clone()) {
            attendees.push(Attendee {
                address,
                name: name_of(entry),
                role: role(entry),
                partstat: partstat(entry),
                answered_sequence: 0,
                answered_ms: 0,
            });
        }
    }
    attendees
}

fn role(entry: &ICalendarEntry) -> Role {
    match entry.parameter(&ICalendarParameterName::Role) {
        Some(ICalendarParameterValue::Role(ICalendarParticipationRole::Chair)) => Role::Chair,
        Some(ICalendarParameterValue::Role(
            ICalendarParticipationRole::OptParticipant | ICalendarParticipationRole::NonParticipant,
        )) => Role::Optional,
        _ => Role::Required,
    }
}

fn partstat(entry: &ICalendarEntry) -> Partstat {
    match entry.parameter(&ICalendarParameterName::Partstat) {
        Some(ICalendarParameterValue::Partstat(answer)) => match answer {
            ICalendarParticipationStatus::Accepted
            | ICalendarParticipationStatus::Completed
            | ICalendarParticipationStatus::InProcess => Partstat::Accepted,
            ICalendarParticipationStatus::Declined | ICalendarParticipationStatus::Failed => {
                Partstat::Declined
            }
            ICalendarParticipationStatus::Tentative => Partstat::Tentative,
            ICalendarParticipationStatus::Delegated => Partstat::Delegated,
            ICalendarParticipationStatus::NeedsAction => Partstat::NeedsAction,
        },
        _ => Partstat::NeedsAction,
    }
}

pub(super) fn status(component: &ICalendarComponent) -> Option<EventStatus> {
    match component.status()? {
        ICalendarStatus::Tentative => Some(EventStatus::Tentative),
        ICalendarStatus::Confirmed => Some(EventStatus::Confirmed),
        ICalendarStatus::Cancelled => Some(EventStatus::Cancelled),
        _ => None,
    }
}

/// Whether an event takes up time. What Outlook says beside it wins, because `TRANSP` knows two answers only.
pub(super) fn transparency(component: &ICalendarComponent) -> Transparency {
    match (component.transparency(), extension(component, BUSY_STATUS).as_str()) {
        (_, "FREE") | (Some(ICalendarTransparency::Transparent), _) => Transparency::Transparent,
        (Some(ICalendarTransparency::Opaque) | None, _) => Transparency::Opaque,
    }
}

/// How Outlook calls what an event does to one's time.
pub(super) const BUSY_STATUS: &str = "X-MICROSOFT-CDO-BUSYSTATUS";

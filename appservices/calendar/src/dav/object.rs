//! Single objects: GET, PUT and DELETE with versions (RFC 4791, 5.3).

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use store::Batch;

use super::{
    Asked, Caller, Change, Doors, Refused, What,
    answer::{Refusal, calendar},
    paths::Place,
    properties::{etag, file},
    xml::CALDAV,
};
use crate::{
    Address, CalendarError, Override, Partstat,
    ics::{self, Item},
    limits::{CONFLICTS_MAX, UID_BYTES_MAX},
    service::Object,
    tables::NAMES,
};

fn name(asked: &Asked) -> Result<&str, Refusal> {
    match &asked.place {
        Place::Object(_, name) => Ok(name),
        Place::Root | Place::Principal(_) | Place::Home(_) | Place::Calendar(_) => {
            Err(Refusal::plain(StatusCode::METHOD_NOT_ALLOWED, "This can be done with a single event only"))
        }
    }
}

pub(super) async fn get(doors: &Doors, caller: &Caller, asked: &Asked) -> Result<Response, Refusal> {
    let object = doors.calendars().object(&caller.owner, name(asked)?).await?;
    let object = object.ok_or_else(|| Refusal::plain(StatusCode::NOT_FOUND, "There is no such event"))?;
    let version = etag(object.version);
    if matches_any(&asked.headers, header::IF_NONE_MATCH, Some(&version)) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, version)]).into_response());
    }
    Ok(calendar(file(&object), Some(&version)))
}

pub(super) async fn put(doors: &Doors, caller: &Caller, asked: &Asked) -> Result<Response, Refusal> {
    let name = name(asked)?;
    if name.len() > UID_BYTES_MAX {
        return Err(Refusal::plain(StatusCode::BAD_REQUEST, "The name of the event is too long"));
    }
    let (item, text) = parsed(doors, asked)?;
    for _ in 0..CONFLICTS_MAX {
        let before = doors.calendars().object(&caller.owner, name).await?;
        conditions(&asked.headers, before.as_ref())?;
        let known =
            doors.calendars().store().get(&NAMES, &(caller.owner.as_str(), item.event.uid.as_str())).await?;
        if known.is_some_and(|known| known != name) {
            let text = "An event with this UID is in the calendar under another name";
            return Err(Refusal::condition(StatusCode::FORBIDDEN, CALDAV, "no-uid-conflict", text));
        }
        let is_new = before.is_none();
        let written = meant(doors, caller, before.as_ref(), &item);
        written.event.check()?;
        let as_it_came = written == item;
        let change = Change {
            user: caller.user.clone(),
            what: What::Put {
                before: before.map(|object| object.row.item.event),
                after: written.event.clone(),
            },
        };
        let mut batch = Batch::new();
        let kept_text = as_it_came.then(|| text.clone());
        doors.calendars().put_object(&mut batch, &caller.owner, name, written, kept_text).await?;
        if !committed(doors, &change, batch).await? {
            continue;
        }
        let mut response = if is_new { StatusCode::CREATED } else { StatusCode::NO_CONTENT }.into_response();
        // A version is told only where what is kept is what was sent (RFC 4791, 5.3.4).
        if as_it_came
            && let Some(object) = doors.calendars().object(&caller.owner, name).await?
            && object.row.text.as_deref() == Some(text.as_str())
            && let Ok(version) = HeaderValue::from_str(&etag(object.version))
        {
            response.headers_mut().insert(header::ETAG, version);
        }
        return Ok(response);
    }
    Err(CalendarError::Conflict.into())
}

pub(super) async fn delete(doors: &Doors, caller: &Caller, asked: &Asked) -> Result<Response, Refusal> {
    let name = name(asked)?;
    for _ in 0..CONFLICTS_MAX {
        let before = doors.calendars().object(&caller.owner, name).await?;
        conditions(&asked.headers, before.as_ref())?;
        let before = before
            .ok_or_else(|| Refusal::plain(StatusCode::NOT_FOUND, "There is no such event"))?
            .row
            .item
            .event;
        let mut batch = Batch::new();
        doors.calendars().remove_object(&mut batch, &caller.owner, name).await?;
        let change = Change { user: caller.user.clone(), what: What::Removed { before } };
        if committed(doors, &change, batch).await? {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
    }
    Err(CalendarError::Conflict.into())
}

/// Asks whoever schedules, and commits; not when something changed meanwhile.
async fn committed(doors: &Doors, change: &Change, mut batch: Batch) -> Result<bool, Refusal> {
    match doors.0.scheduling.changed(change, &mut batch).await {
        Ok(()) => {}
        Err(Refused::ByRule(text)) => return Err(Refusal::plain(StatusCode::FORBIDDEN, text)),
        Err(Refused::Store(error)) => return Err(error.into()),
    }
    Ok(doors.calendars().store().try_commit(batch).await?.is_some())
}

/// The one event of a request, and its text.
fn parsed(doors: &Doors, asked: &Asked) -> Result<(Item, String), Refusal> {
    let read = ics::read(&asked.body, &doors.calendars().0.parts.zone)?;
    let text = String::from_utf8_lossy(&asked.body).into_owned();
    let refused = |condition, text| Err(Refusal::condition(StatusCode::FORBIDDEN, CALDAV, condition, text));
    if read.method.is_some() {
        return refused("valid-calendar-object-resource", "A calendar object has no METHOD");
    }
    let mut items = read.items.into_iter();
    match (items.next(), items.next()) {
        (Some(item), None) => Ok((item, text)),
        (Some(_), Some(_)) => refused("valid-calendar-object-resource", "One object holds one event"),
        (None, _) => refused("supported-calendar-component", "This calendar keeps events (VEVENT) only"),
    }
}

/// Whether the versions that the program has are those that are here (RFC 9110, 13).
fn conditions(headers: &HeaderMap, before: Option<&Object>) -> Result<(), Refusal> {
    let version = before.map(|object| etag(object.version));
    let failed = |text| Err(Refusal::plain(StatusCode::PRECONDITION_FAILED, text));
    if headers.contains_key(header::IF_MATCH) && !matches_any(headers, header::IF_MATCH, version.as_deref()) {
        return failed("The event has changed since; read it anew");
    }
    if matches_any(headers, header::IF_NONE_MATCH, version.as_deref()) {
        return failed("There is an event of this name already");
    }
    Ok(())
}

/// Whether a list of versions in a header has this one.
fn matches_any(headers: &HeaderMap, name: header::HeaderName, version: Option<&str>) -> bool {
    let Some(version) = version else { return false };
    let lists = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let mut listed = lists.flat_map(|list| list.split(','));
    listed.any(|one| matches!(one.trim(), "*") || one.trim().trim_start_matches("W/") == version)
}

/// What a program may write. Of an event of one's own: all of it, as its next version. Of a meeting that somebody else
/// organises: one's own answer, reminders, and whether it takes up time.
fn meant(doors: &Doors, caller: &Caller, before: Option<&Object>, item: &Item) -> Item {
    let own = Address::from(caller.user.clone());
    let Some(kept) = before.map(|object| &object.row.item) else { return item.clone() };
    let kept_event = &kept.event;
    let is_others = kept_event.organizer.as_ref().is_some_and(|organizer| organizer.address != own);
    if !is_others {
        let mut event = item.event.clone().keeping(kept_event);
        let sent = event.sequence;
        event.succeeds(kept_event, doors.calendars().now_ms());
        // A program that counts versions itself is not set back.
        event.sequence = event.sequence.max(sent);
        return Item { event, instance: item.instance };
    }
    let mut event = kept_event.clone();
    event.reminders.clone_from(&item.event.reminders);
    event.transparency = item.event.transparency;
    let answer = item.event.attendee(&own).map(|attendee| attendee.partstat);
    let now_ms = doors.calendars().now_ms();
    for attendee in event.attendees.iter_mut().filter(|attendee| attendee.address == own) {
        let answer = answer.unwrap_or(attendee.partstat);
        if answer != attendee.partstat {
            attendee.partstat = answer;
            attendee.answered_sequence = kept_event.sequence;
            attendee.answered_ms = now_ms;
        }
    }
    for (id, change) in &item.event.overrides {
        let kept_change = event.overrides.get(id);
        let kept_answer = kept_change.and_then(|kept| kept.answers.get(&own)).copied();
        let answer: Option<Partstat> = change.answers.get(&own).copied();
        if answer != kept_answer
            && let Some(answer) = answer
        {
            let entry: &mut Override = event.overrides.entry(*id).or_default();
            entry.answers.insert(own.clone(), answer);
        }
    }
    Item { event, instance: kept.instance }
}

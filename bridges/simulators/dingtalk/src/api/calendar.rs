//! Calendars by the API: events, who is invited, answers, when people have no time.

use serde_json::{Value, json};

use super::Outcome;
use super::reading::Call;
use crate::faults::Fault;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::calendar::{Event, Guest, not_found};
use crate::state::online::ONLINE;
use crate::state::times::{Repeats, moment};

const SUMMARY_CHARACTERS_MAX: usize = 2_048;
const DESCRIPTION_CHARACTERS_MAX: usize = 5_000;
const ATTENDEES_MAX: usize = 500;
const ASKED_MAX: usize = 20;
/// How long a repeat is known by its token.
const TOKEN_LIFE_MS: u64 = 86_400_000;
const RESPONSES: [&str; 4] = ["needsAction", "accepted", "tentative", "declined"];

const FIELDS: &[&str] = &[
    "summary",
    "description",
    "start",
    "end",
    "isAllDay",
    "location",
    "reminders",
    "recurrence",
    "onlineMeetingInfo",
    "extra",
];

/// The person of the path, whose calendar it is.
pub(super) fn owner(state: &State, call: &Call) -> Result<String, Refusal> {
    let union = call.part(3);
    let known = state.person_of_union(union).is_some_and(|person| person.is_listed());
    if known && call.part(5) == "primary" {
        Ok(union.to_owned())
    } else {
        Err(Refusal::bad("permissionDeny"))
    }
}

/// An event that this person can see.
fn seen(state: &State, call: &Call) -> Result<Event, Refusal> {
    let event = state.event(call.part(7)).filter(|event| event.response(call.part(3)).is_some());
    event.ok_or_else(not_found)
}

fn own(state: &State, call: &Call) -> Result<String, Refusal> {
    owner(state, call)?;
    let event = seen(state, call)?;
    if event.owner == call.part(3) { Ok(event.id) } else { Err(Refusal::bad("permissionDeny")) }
}

fn guests(state: &State, call: &Call, name: &str) -> Result<Vec<Guest>, Refusal> {
    let list = call.body.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if list.len() > ATTENDEES_MAX {
        return Err(Refusal::bad("invalidParameter"));
    }
    let guest = |value: &Value| {
        let union = value.get("id").and_then(Value::as_str).unwrap_or_default();
        let known = state.person_of_union(union).is_some_and(|person| person.is_listed());
        let is_optional = value.get("isOptional") == Some(&true.into());
        let guest = Guest { union: union.to_owned(), is_optional, response: "needsAction".to_owned() };
        if known { Ok(guest) } else { Err(Refusal::bad("permissionDeny")) }
    };
    list.iter().map(guest).collect()
}

/// Takes what the app says of an event. Whole days are dates, and their end is the day after the last.
fn take(event: &mut Event, body: &Value) -> Result<(), Refusal> {
    let wrong = || Refusal::bad("invalidParameter");
    for name in FIELDS {
        if let Some(value) = body.get(*name) {
            event.fields[*name] = value.clone();
        }
    }
    let text = |name: &str| event.fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let length = |name: &str| text(name).chars().count();
    let too_long =
        length("summary") > SUMMARY_CHARACTERS_MAX || length("description") > DESCRIPTION_CHARACTERS_MAX;
    if text("summary").is_empty() || too_long {
        return Err(wrong());
    }
    let is_all_day = event.fields.get("isAllDay") == Some(&true.into());
    let place = |name: &str| event.fields.get(name).filter(|place| place.get("date").is_some() == is_all_day);
    let start_ms = place("start").and_then(moment).ok_or_else(wrong)?;
    let end_ms = place("end").and_then(moment).filter(|end_ms| *end_ms > start_ms).ok_or_else(wrong)?;
    event.repeats = match event.fields.get("recurrence").filter(|recurrence| !recurrence.is_null()) {
        Some(recurrence) => Some(Repeats::read(recurrence).ok_or_else(wrong)?),
        None => None,
    };
    let conference = event.fields.get("onlineMeetingInfo").filter(|wanted| !wanted.is_null());
    if conference.is_some_and(|wanted| wanted.get("type") != Some(&ONLINE.into())) {
        return Err(wrong());
    }
    (event.start_ms, event.end_ms) = (start_ms, end_ms);
    Ok(())
}

pub(super) fn create(state: &mut State, call: &Call) -> Outcome {
    let owner = owner(state, call)?;
    let (now, token) = (state.stage.now_ms(), (call.app.clone(), call.client_token.clone()));
    let made = state.event_tokens.get(&token).filter(|(_, until_ms)| *until_ms > now && !token.1.is_empty());
    if let Some(event) = made.and_then(|(id, _)| state.events.get(id)).filter(|event| event.is_there()) {
        return Ok(state.event_for(event, &owner));
    }
    let mut event = Event {
        id: String::new(),
        owner: owner.clone(),
        fields: json!({}),
        start_ms: 0,
        end_ms: 0,
        repeats: None,
        guests: guests(state, call, "attendees")?,
        created_ms: now,
        updated_ms: now,
        instance_of: None,
        conference: None,
        is_gone: false,
    };
    event.guests.retain(|guest| guest.union != owner);
    take(&mut event, &call.body)?;
    let id = state.add_event(event)?;
    state.go_online(&id, &call.app);
    if !token.1.is_empty() && state.event_tokens.len() < RECORDS_MAX {
        state.event_tokens.insert(token, (id.clone(), now + TOKEN_LIFE_MS));
    }
    Ok(state.events.get(&id).map(|event| state.event_for(event, &owner)).unwrap_or_default())
}

pub(super) fn get(state: &mut State, call: &Call) -> Outcome {
    owner(state, call)?;
    Ok(state.event_for(&seen(state, call)?, call.part(3)))
}

pub(super) fn update(state: &mut State, call: &Call) -> Outcome {
    let id = own(state, call)?;
    if call.text("id") != id {
        return Err(Refusal::bad("invalidParameter"));
    }
    state.change_event(&id, |event| {
        let mut changed = event.clone();
        take(&mut changed, &call.body)?;
        *event = changed;
        Ok(())
    })?;
    state.go_online(&id, &call.app);
    get(state, call)
}

pub(super) fn delete(state: &mut State, call: &Call) -> Outcome {
    let id = own(state, call)?;
    state.remove_event(&id);
    Ok(json!({}))
}

pub(super) fn attendees(state: &mut State, call: &Call) -> Outcome {
    owner(state, call)?;
    let event = state.event_for(&seen(state, call)?, call.part(3));
    Ok(json!({ "attendees": event["attendees"] }))
}

pub(super) fn invite(state: &mut State, call: &Call) -> Outcome {
    let (id, new) = (own(state, call)?, guests(state, call, "attendeesToAdd")?);
    state.change_event(&id, |event| {
        for guest in new {
            match event.guests.iter_mut().find(|known| known.union == guest.union) {
                Some(known) => known.is_optional = guest.is_optional,
                None if guest.union == event.owner => {}
                None => event.guests.push(guest),
            }
        }
        if event.guests.len() > ATTENDEES_MAX { Err(Refusal::bad("invalidParameter")) } else { Ok(()) }
    })?;
    Ok(json!({}))
}

pub(super) fn uninvite(state: &mut State, call: &Call) -> Outcome {
    let id = own(state, call)?;
    let gone = call.body.get("attendeesToRemove").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_gone =
        |guest: &Guest| gone.iter().any(|value| value.get("id") == Some(&guest.union.as_str().into()));
    state.change_event(&id, |event| {
        event.guests.retain(|guest| !is_gone(guest));
        Ok(())
    })?;
    Ok(json!({}))
}

pub(super) fn respond(state: &mut State, call: &Call) -> Outcome {
    let union = owner(state, call)?;
    let id = seen(state, call)?.id;
    let response = call.text("responseStatus");
    if !RESPONSES.contains(&response) {
        return Err(Refusal::bad("invalidParameter"));
    }
    state.respond(&id, &union, response)?;
    Ok(json!({}))
}

/// When somebody has no time.
fn taken(state: &State, union: &str, window: (u64, u64)) -> Vec<Value> {
    let of = |event: &Event| event.taken(union, window, &state.touched(&event.id));
    state.events.values().flat_map(of).collect()
}

pub(super) fn schedules(state: &mut State, call: &Call) -> Outcome {
    let asking = state.person_of_union(call.part(3)).is_some_and(|person| person.is_listed());
    if !asking {
        return Err(Refusal::bad("permissionDeny"));
    }
    let time = |name: &str| moment(&json!({ "dateTime": call.text(name), "timeZone": "Asia/Shanghai" }));
    let (from, until, asked) = (time("startTime"), time("endTime"), call.texts("userIds"));
    let (Some(from_ms), Some(until_ms)) = (from, until) else { return Err(Refusal::bad("invalidParameter")) };
    if asked.is_empty() || asked.len() > ASKED_MAX || from_ms >= until_ms {
        return Err(Refusal::bad("invalidParameter"));
    }
    let mut found = Vec::new();
    for union in asked {
        let known = state.person_of_union(&union).is_some_and(|person| person.is_listed());
        if !known || state.stage.faults.strikes(Fault::CalendarScheduleError) {
            found.push(json!({ "userId": union, "error": "no permission" }));
            continue;
        }
        let items: Vec<Value> = taken(state, &union, (from_ms, until_ms));
        found.push(json!({ "userId": union, "scheduleItems": items }));
    }
    Ok(json!({ "scheduleInformation": found }))
}

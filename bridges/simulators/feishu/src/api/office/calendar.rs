//! Calendars and what is in them. With the token of an app one acts as its bot, which has a calendar of its own.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::attendees;
use super::{Call, list, person, text, time};
use crate::api::envelope::page as shown_page;
use crate::api::paging::page;
use crate::api::{Answer, Outcome};
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::office::calendar::{Entry, Moment, calendar_id};
use crate::state::office::calendars::Role;

const PARAMETER: i64 = 190_014;
/// The longest time of which instances are listed: two years.
const WINDOW_SECONDS_MAX: u64 = 2 * 366 * 86_400;

pub(super) fn wrong(what: &str) -> Refusal {
    Refusal::ext(PARAMETER, what)
}

pub(super) fn primary_of(state: &State, owner: &str) -> Value {
    json!({
        "calendar_id": calendar_id(owner), "summary": state.name_of(owner), "description": "",
        "permissions": "show_only_free_busy", "color": -1, "type": "primary", "role": "owner",
        "is_deleted": false, "is_third_party": false,
    })
}

/// `POST calendar/v4/calendars/primary`.
pub(crate) fn primary(state: &mut State, call: &Call) -> Outcome {
    let own = json!({ "calendar": primary_of(state, &call.app), "user_id": call.app });
    Ok(Answer::Data(json!({ "calendars": [own] })))
}

/// `POST calendar/v4/calendars/primarys`.
pub(crate) fn primaries(state: &mut State, call: &Call) -> Outcome {
    let mut calendars = Vec::new();
    for id in list(&call.body, "user_ids").iter().filter_map(Value::as_str) {
        let owner = person(state, call, id)?;
        calendars.push(json!({ "calendar": primary_of(state, &owner), "user_id": id }));
    }
    Ok(Answer::Data(json!({ "calendars": calendars })))
}

/// `POST calendar/v4/calendars/*/events`.
pub(crate) fn create(state: &mut State, call: &Call) -> Outcome {
    let owner = state.calendar_as(&call.app, call.part(3), Role::Writer)?;
    let key = call.query("idempotency_key");
    if !key.is_empty() && !(32..=128).contains(&key.len()) {
        return Err(wrong("idempotency_key"));
    }
    let place = (call.app.clone(), format!("event {key}"));
    if let Some(known) = state.office.made.get(&place).filter(|_| !key.is_empty()) {
        let known = state.office.entries.get(known).ok_or(Refusal::code(193_001))?;
        return Ok(Answer::Data(json!({ "event": shown(known) })));
    }
    if state.office.entries.len() >= RECORDS_MAX {
        return Err(Refusal::code(190_004));
    }
    let mut entry = Entry {
        event_id: format!("{}_0", state.stage.chance.id("", 32)),
        number: state.stage.number(),
        owner,
        summary: String::new(),
        description: String::new(),
        location: String::new(),
        start: Moment::default(),
        end: Moment::default(),
        recurrence: String::new(),
        reminders: json!([]),
        invited: Vec::new(),
        is_deleted: false,
        changed: state.stage.number(),
        instance_of: None,
        create_s: i64::try_from(state.stage.now_ms() / 1_000).unwrap_or(0),
    };
    if call.body.get("start_time").is_none() || call.body.get("end_time").is_none() {
        return Err(wrong("start_time and end_time are needed"));
    }
    if call.body.get("attendees").is_some() {
        return Err(wrong("attendees are invited by a request of their own"));
    }
    may_organise(&call.body)?;
    fill(&mut entry, &call.body)?;
    let answer = shown(&entry);
    if !key.is_empty() {
        state.office.made.insert(place, entry.event_id.clone());
    }
    state.office.entries.insert(entry.event_id.clone(), entry);
    Ok(Answer::Data(json!({ "event": answer })))
}

/// Whether a bot may organise a meeting online as it is asked for: it cannot start it, and is no host.
fn may_organise(body: &Value) -> Result<(), Refusal> {
    let Some(settings) = body.pointer("/vchat/meeting_settings") else { return Ok(()) };
    if settings.get("allow_attendees_start").and_then(Value::as_bool) == Some(false) {
        return Err(Refusal::code(193_101));
    }
    if list(settings, "assign_hosts").is_empty() { Ok(()) } else { Err(Refusal::code(193_102)) }
}

/// Takes over what a request says; the rest stays.
fn fill(entry: &mut Entry, body: &Value) -> Result<(), Refusal> {
    for (name, field) in [
        ("summary", &mut entry.summary),
        ("description", &mut entry.description),
        ("recurrence", &mut entry.recurrence),
    ] {
        if let Some(value) = body.get(name) {
            *field = value.as_str().ok_or(wrong(name))?.to_owned();
        }
    }
    let is_rule = entry.instance_of.is_none() && entry.recurrence.starts_with("FREQ=");
    if !entry.recurrence.is_empty() && !is_rule {
        return Err(wrong("recurrence"));
    }
    if let Some(location) = body.get("location") {
        entry.location = text(location, "name").to_owned();
    }
    if let Some(reminders) = body.get("reminders") {
        let minutes = |reminder: &Value| reminder.get("minutes").and_then(Value::as_i64);
        let good =
            |reminder: &Value| minutes(reminder).is_some_and(|minutes| (-20_160..=20_160).contains(&minutes));
        let all = reminders.as_array().filter(|all| all.iter().all(good)).ok_or(wrong("reminders"))?;
        entry.reminders = all.clone().into();
    }
    match (body.get("start_time"), body.get("end_time")) {
        (Some(start), Some(end)) => {
            let before = (entry.start_ms(), entry.end_ms());
            (entry.start, entry.end) = (moment(start)?, moment(end)?);
            if entry.start.date.is_empty() != entry.end.date.is_empty() || entry.end_ms() <= entry.start_ms()
            {
                return Err(wrong("the end is not behind the start"));
            }
            // At another time people are asked anew.
            if before != (entry.start_ms(), entry.end_ms()) {
                entry.invited.iter_mut().for_each(|invited| invited.answer = "needs_action");
            }
            Ok(())
        }
        (None, None) => Ok(()),
        _ => Err(wrong("start_time and end_time change together")),
    }
}

fn moment(value: &Value) -> Result<Moment, Refusal> {
    let (date, seconds) = (text(value, "date"), time(value, "timestamp"));
    let zone = Some(text(value, "timezone")).filter(|zone| !zone.is_empty()).unwrap_or("Asia/Shanghai");
    let known = jiff::tz::TimeZone::get(zone).is_ok();
    let good_date = date.is_empty() || date.parse::<Date>().is_ok();
    if !known || !good_date || date.is_empty() == seconds.is_none() {
        return Err(wrong("a time"));
    }
    let seconds = i64::try_from(seconds.unwrap_or(0)).map_err(|_| wrong("timestamp"))?;
    Ok(Moment { seconds, date: date.to_owned(), zone: zone.to_owned() })
}

fn shown_moment(moment: &Moment) -> Value {
    match moment.date.is_empty() {
        true => json!({ "timestamp": moment.seconds.to_string(), "timezone": moment.zone }),
        false => json!({ "date": moment.date, "timezone": moment.zone }),
    }
}

/// Something in a calendar, as the API answers it.
pub(super) fn shown(entry: &Entry) -> Value {
    json!({
        "event_id": entry.event_id, "organizer_calendar_id": calendar_id(&entry.owner), "summary": entry.summary,
        "description": entry.description, "start_time": shown_moment(&entry.start),
        "end_time": shown_moment(&entry.end), "location": { "name": entry.location },
        "recurrence": entry.recurrence, "reminders": entry.reminders,
        "status": if entry.is_deleted { "cancelled" } else { "confirmed" },
        "visibility": "default", "free_busy_status": "busy", "create_time": entry.create_s.to_string(),
        "is_exception": entry.instance_of.is_some(),
    })
}

/// `GET calendar/v4/calendars/*/events/*`.
pub(crate) fn get(state: &mut State, call: &Call) -> Outcome {
    let entry = state.seen_entry(&call.app, call.part(3), call.part(5))?;
    let mut event = shown(&entry);
    if call.query("need_attendee") == "true" {
        event["attendees"] =
            entry.invited.iter().map(|invited| attendees::shown(state, call, invited)).collect();
    }
    Ok(Answer::Data(json!({ "event": event })))
}

/// `PATCH calendar/v4/calendars/*/events/*`.
pub(crate) fn patch(state: &mut State, call: &Call) -> Outcome {
    let entry = state.entry(&call.app, call.part(3), call.part(5))?;
    may_organise(&call.body)?;
    let mut changed = entry.clone();
    fill(&mut changed, &call.body)?;
    let answer = shown(&changed);
    *entry = changed;
    state.note_change(call.part(5));
    Ok(Answer::Data(json!({ "event": answer })))
}

/// `GET calendar/v4/calendars/*/events/*/instances`: those of a series that begin within a time.
pub(crate) fn instances(state: &mut State, call: &Call) -> Outcome {
    let seconds = |name: &str| call.query(name).parse::<u64>().map_err(|_| wrong(name));
    let (from_s, until_s) = (seconds("start_time")?, seconds("end_time")?);
    if until_s <= from_s || until_s - from_s > WINDOW_SECONDS_MAX {
        return Err(wrong("start_time, end_time"));
    }
    let series = state.seen_entry(&call.app, call.part(3), call.part(5))?;
    if series.recurrence.is_empty() {
        return Err(wrong("the event does not repeat"));
    }
    let known = |id: &str| state.office.entries.contains_key(id);
    let all = state.instances(&series, until_s * 1_000).into_iter();
    let within = all.filter(|one| one.end_ms() > from_s * 1_000);
    let items: Vec<Value> = within
        .map(|one| {
            let mut item = shown(&one);
            item["is_exception"] = known(&one.event_id).into();
            item
        })
        .collect();
    let (items, token) = page(call, items, 50, 500, PARAMETER)?;
    Ok(Answer::Data(shown_page(items, token)))
}

/// `DELETE calendar/v4/calendars/*/events/*`.
pub(crate) fn delete(state: &mut State, call: &Call) -> Outcome {
    state.entry(&call.app, call.part(3), call.part(5))?.is_deleted = true;
    state.note_change(call.part(5));
    Ok(Answer::Data(json!({})))
}

/// `POST calendar/v4/calendars/subscription` and `POST calendar/v4/calendars/*/events/subscription`: for people's tokens alone.
pub(crate) fn subscribe(_state: &mut State, _call: &Call) -> Outcome {
    Err(Refusal::code(99_991_663))
}

//! Meeting rooms: which there are, and who has them when.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::reading::text;
use super::{Call, Outcome};
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::people::folded;
use crate::state::rooms::{Booking, Room};
use crate::state::schedules::Schedule;

/// What a room may be said to be, beside its name and how many have a place there.
const WHERE: [&str; 3] = ["city", "building", "floor"];
/// The least and the greatest number of a piece of equipment: a screen, a telephone, a projector, a board, video.
const EQUIPMENT: std::ops::RangeInclusive<u64> = 1..=5;

fn numbers(body: &Value, name: &str) -> Vec<u64> {
    let list = body.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_u64).collect()
}

/// Refuses a room that has no name or no places, or has what the platform does not know.
fn check(body: &Value) -> Result<(), Refusal> {
    if text(body, "name").is_empty() {
        return Err(Refusal::new(40_063));
    }
    let has_places = body.get("capacity").and_then(Value::as_u64).is_some_and(|places| places > 0);
    let is_known = numbers(body, "equipment").iter().all(|one| EQUIPMENT.contains(one));
    match (has_places, is_known) {
        (false, _) => Err(Refusal::parameter("capacity")),
        (true, false) => Err(Refusal::parameter("equipment")),
        (true, true) => Ok(()),
    }
}

fn room<'a>(state: &'a mut State, call: &Call) -> Result<&'a mut Room, Refusal> {
    let id = call.number("meetingroom_id").unwrap_or_default();
    state.rooms.get_mut(&id).ok_or_else(|| Refusal::parameter("meetingroom_id"))
}

pub(super) fn add(state: &mut State, call: &Call) -> Outcome {
    check(&call.body)?;
    if state.rooms.len() >= RECORDS_MAX {
        return Err(Refusal::new(45_009));
    }
    let id = state.rooms.last_key_value().map_or(1, |(last, _)| last + 1);
    state.rooms.insert(id, Room { body: call.body.clone(), bookings: BTreeMap::new() });
    Ok(json!({ "meetingroom_id": id }).into())
}

/// What is said replaces what was there; what is not said stays.
pub(super) fn edit(state: &mut State, call: &Call) -> Outcome {
    let room = room(state, call)?;
    let mut body = room.body.clone();
    for (name, value) in call.body.as_object().into_iter().flatten() {
        body[name.as_str()] = value.clone();
    }
    check(&body)?;
    room.body = body;
    Ok(json!({}).into())
}

/// A room goes, and with it what was booked in it.
pub(super) fn delete(state: &mut State, call: &Call) -> Outcome {
    let gone = std::mem::take(&mut room(state, call)?.bookings);
    state.rooms.remove(&call.number("meetingroom_id").unwrap_or_default());
    for booking in gone.values() {
        cancel_schedule(state, booking);
    }
    Ok(json!({}).into())
}

/// Whether a room is where a call looks for one, and has what it wants.
fn fits(room: &Room, call: &Call) -> bool {
    let is_there = |name: &&str| call.text(name).is_empty() || call.text(name) == text(&room.body, name);
    let has = numbers(&room.body, "equipment");
    WHERE.iter().all(is_there) && numbers(&call.body, "equipment").iter().all(|one| has.contains(one))
}

pub(super) fn list(state: &mut State, call: &Call) -> Outcome {
    let shown = |(id, room): (&u64, &Room)| {
        let mut shown = room.body.clone();
        shown["meetingroom_id"] = (*id).into();
        shown["need_approval"] = 0.into();
        shown
    };
    let rooms: Vec<Value> = state.rooms.iter().filter(|(_, room)| fits(room, call)).map(shown).collect();
    Ok(json!({ "meetingroom_list": rooms }).into())
}

/// The span of time that a call names.
fn span(call: &Call) -> Result<(u64, u64), Refusal> {
    match (call.number("start_time"), call.number("end_time")) {
        (Some(start_s), Some(end_s)) if start_s < end_s => Ok((start_s, end_s)),
        _ => Err(Refusal::parameter("start_time or end_time")),
    }
}

/// Books a room, which stands in the calendars of who books it and who comes. Two have a room at no time.
pub(super) fn book(state: &mut State, call: &Call) -> Outcome {
    let ((start_s, end_s), booker) = (span(call)?, call.needed("booker", 40_063)?);
    state.person(booker).map_err(|_| Refusal::new(40_003))?;
    let attendees = call.texts("attendees");
    if attendees.iter().any(|one| state.person(one).is_err()) {
        return Err(Refusal::new(40_031));
    }
    if state.schedules.len() >= RECORDS_MAX {
        return Err(Refusal::new(45_009));
    }
    let known = room(state, call)?;
    if known.within(start_s, end_s).next().is_some() {
        return Err(Refusal::parameter("the room is booked in this time"));
    }
    let place = text(&known.body, "name").to_owned();
    let (meeting_id, schedule_id) = (state.stage.chance.id("mt", 30), state.stage.chance.id("", 32));
    let body = json!({
        "schedule_id": schedule_id, "summary": call.text("subject"), "location": place, "start_time": start_s,
        "end_time": end_s, "admins": [booker],
    });
    let attendees = attendees.iter().map(|one| (folded(one), 0)).collect();
    let schedule =
        Schedule { agent: call.agent, body, attendees, cancelled: false, excluded: BTreeSet::new() };
    state.schedules.insert(schedule_id.clone(), schedule);
    let booking =
        Booking { agent: call.agent, schedule: schedule_id.clone(), start_s, end_s, booker: folded(booker) };
    room(state, call)?.bookings.insert(meeting_id.clone(), booking);
    Ok(json!({ "meeting_id": meeting_id, "schedule_id": schedule_id }).into())
}

fn cancel_schedule(state: &mut State, booking: &Booking) {
    if let Some(schedule) = state.schedules.get_mut(&booking.schedule) {
        schedule.cancelled = true;
    }
}

/// Gives a room back; what stands in calendars stays there where `keep_schedule` is 1.
pub(super) fn cancel(state: &mut State, call: &Call) -> Outcome {
    let id = call.needed("meeting_id", 40_063)?;
    let is_own = |room: &&mut Room| room.bookings.get(id).is_some_and(|one| one.agent == call.agent);
    let booking = state.rooms.values_mut().find(is_own).and_then(|room| room.bookings.remove(id));
    let booking = booking.ok_or_else(|| Refusal::parameter("meeting_id"))?;
    if call.number("keep_schedule") != Some(1) {
        cancel_schedule(state, &booking);
    }
    Ok(json!({}).into())
}

/// What is booked within a span of time, by rooms.
pub(super) fn bookings(state: &mut State, call: &Call) -> Outcome {
    let (start_s, end_s) = span(call)?;
    let wanted = call.number("meetingroom_id");
    let booking = |(meeting_id, one): (&String, &Booking)| {
        json!({
            "meeting_id": meeting_id, "schedule_id": one.schedule, "start_time": one.start_s, "end_time": one.end_s,
            "booker": state.spelled(&one.booker), "status": 0,
        })
    };
    let is_wanted = |id: u64, room: &Room| wanted.is_none_or(|wanted| wanted == id) && fits(room, call);
    let rooms = state.rooms.iter().filter(|(id, room)| is_wanted(**id, room));
    let shown = rooms.map(|(id, room)| {
        let schedule: Vec<Value> = room.within(start_s, end_s).map(booking).collect();
        json!({ "meetingroom_id": id, "schedule": schedule })
    });
    let list: Vec<Value> = shown.collect();
    Ok(json!({ "booking_list": list }).into())
}

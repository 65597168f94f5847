//! Who is invited to something in a calendar, and which rooms are asked for.

use serde_json::{Value, json};

use super::{Call, list, person, text};
use crate::api::envelope::page as shown_page;
use crate::api::paging::page;
use crate::api::{Answer, Outcome};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::office::calendar::Invited;

/// People that one request may invite.
const AT_ONCE_MAX: usize = 1_000;
/// Rooms of one meeting.
const ROOMS_MAX: usize = 100;
const PARAMETER: i64 = 190_014;

/// Somebody who was invited, as the API answers it.
pub(super) fn shown(state: &State, call: &Call, invited: &Invited) -> Value {
    let kind = call.query_or("user_id_type", "open_id");
    if invited.is_room {
        return json!({
            "type": "resource", "attendee_id": invited.attendee_id, "rsvp_status": invited.answer,
            "is_optional": false, "is_organizer": false, "is_external": false, "room_id": invited.person,
        });
    }
    json!({
        "type": "user", "attendee_id": invited.attendee_id, "rsvp_status": invited.answer,
        "is_optional": invited.is_optional, "is_organizer": false, "is_external": false,
        "display_name": state.name_of(&invited.person), "user_id": state.id_of(&call.app, &invited.person, kind),
    })
}

/// `POST calendar/v4/calendars/*/events/*/attendees`.
pub(crate) fn invite(state: &mut State, call: &Call) -> Outcome {
    let asked = list(&call.body, "attendees");
    if asked.is_empty() || asked.len() > AT_ONCE_MAX {
        return Err(Refusal::ext(PARAMETER, "attendees"));
    }
    let mut people = Vec::new();
    for attendee in asked {
        let is_room = match text(attendee, "type") {
            "user" => false,
            "resource" => true,
            _ => return Err(Refusal::ext(PARAMETER, "type")),
        };
        let known = |id: &str| person(state, call, id).map_err(|_| Refusal::code(195_100));
        let person = match is_room {
            true => {
                // Of what an app's bot owns, somebody answers for the room.
                known(text(attendee, "operate_id"))?;
                text(attendee, "room_id").to_owned()
            }
            false => known(text(attendee, "user_id"))?,
        };
        if person.is_empty() {
            return Err(Refusal::ext(PARAMETER, "room_id"));
        }
        let is_optional = attendee.get("is_optional").and_then(Value::as_bool).unwrap_or(false);
        people.push(Invited {
            attendee_id: state.stage.chance.id("user_", 19),
            person,
            is_room,
            is_optional,
            answer: "needs_action",
        });
    }
    let entry = state.entry(&call.app, call.part(3), call.part(5))?;
    let rooms = entry.invited.iter().chain(&people).filter(|invited| invited.is_room);
    if rooms.count() > ROOMS_MAX {
        return Err(Refusal::ext(PARAMETER, "rooms"));
    }
    for invited in people {
        match entry.invited.iter_mut().find(|known| known.person == invited.person) {
            Some(known) => known.is_optional = invited.is_optional,
            None => entry.invited.push(invited),
        }
    }
    let all = entry.invited.clone();
    state.note_change(call.part(5));
    let attendees: Vec<Value> = all.iter().map(|invited| shown(state, call, invited)).collect();
    Ok(Answer::Data(json!({ "attendees": attendees })))
}

/// `GET calendar/v4/calendars/*/events/*/attendees`.
pub(crate) fn all(state: &mut State, call: &Call) -> Outcome {
    let invited = state.seen_entry(&call.app, call.part(3), call.part(5))?.invited;
    let items: Vec<Value> = invited.iter().map(|invited| shown(state, call, invited)).collect();
    let (items, token) = page(call, items, 20, 100, PARAMETER)?;
    Ok(Answer::Data(shown_page(items, token)))
}

/// `POST calendar/v4/calendars/*/events/*/attendees/batch_delete`.
pub(crate) fn uninvite(state: &mut State, call: &Call) -> Outcome {
    let ids = list(&call.body, "attendee_ids");
    if ids.is_empty() {
        return Err(Refusal::ext(PARAMETER, "attendee_ids"));
    }
    let entry = state.entry(&call.app, call.part(3), call.part(5))?;
    entry.invited.retain(|invited| !ids.iter().any(|id| id == invited.attendee_id.as_str()));
    state.note_change(call.part(5));
    Ok(Answer::Data(json!({})))
}

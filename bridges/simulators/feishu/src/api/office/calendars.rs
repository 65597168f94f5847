//! The list of calendars that an app has or that are shared with it, and those that it makes.

use serde_json::{Value, json};

use super::calendar::{primary_of, wrong};
use super::calendar_list::{PAGE, PAGE_DEFAULT, number, place, token};
use super::{Call, text};
use crate::api::{Answer, Outcome};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::office::calendar::calendar_id;
use crate::state::office::calendars::{Role, SharedCalendar};

const PERMISSIONS: [&str; 3] = ["private", "show_only_free_busy", "public"];
/// Characters of what a calendar is called.
const SUMMARY_CHARACTERS_MAX: usize = 255;
/// Of a calendar of somebody's own that is no shared one.
const WRONG_TYPE: i64 = 191_004;

fn shown(id: &str, shared: &SharedCalendar, role: Role) -> Value {
    json!({
        "calendar_id": id, "summary": shared.summary, "description": shared.description,
        "permissions": shared.permissions, "color": -1, "type": "shared", "role": role.name(),
        "is_deleted": shared.is_deleted, "is_third_party": false,
    })
}

/// `GET calendar/v4/calendars`: all of them page by page, the own one first, and after that only what changed.
pub(crate) fn list(state: &mut State, call: &Call) -> Outcome {
    let size = number(call, "page_size")?.map_or(Ok(PAGE_DEFAULT), usize::try_from);
    let size = size.ok().filter(|size| PAGE.contains(size)).ok_or(wrong("page_size"))?;
    let (seen, begun) = place(state, call)?;
    let is_first = seen == 0 && call.query("page_token").is_empty();
    let mut found: Vec<(u64, Value)> = Vec::new();
    for (id, shared) in &state.office.calendars {
        let is_over = shared.is_deleted && shared.changed <= begun;
        if let Some(role) = shared.roles.get(&call.app).filter(|_| shared.changed > seen && !is_over) {
            found.push((shared.changed, shown(id, shared, *role)));
        }
    }
    if is_first {
        found.push((0, primary_of(state, &call.app)));
    }
    found.sort_by_key(|(changed, _)| *changed);
    let goes_on = found.len() > size;
    found.truncate(size);
    let last = found.last().map_or(seen, |(changed, _)| *changed);
    let items: Vec<Value> = found.into_iter().map(|(_, calendar)| calendar).collect();
    let mut answer = json!({ "calendar_list": items, "has_more": goes_on });
    match goes_on {
        true => answer["page_token"] = token('p', last, begun).into(),
        false => {
            let now_s = state.stage.now_ms() / 1_000;
            answer["sync_token"] = token('s', state.stage.number(), now_s).into();
        }
    }
    Ok(Answer::Data(answer))
}

/// Takes over what a request says; the rest stays.
fn fill(shared: &mut SharedCalendar, body: &Value) -> Result<(), Refusal> {
    if text(body, "summary").chars().count() > SUMMARY_CHARACTERS_MAX {
        return Err(wrong("summary"));
    }
    for (name, field) in [("summary", &mut shared.summary), ("description", &mut shared.description)] {
        if let Some(value) = body.get(name) {
            *field = value.as_str().ok_or(wrong(name))?.to_owned();
        }
    }
    match text(body, "permissions") {
        "" => Ok(()),
        wanted if PERMISSIONS.contains(&wanted) => {
            shared.permissions = wanted.to_owned();
            Ok(())
        }
        _ => Err(wrong("permissions")),
    }
}

/// `POST calendar/v4/calendars`: a shared calendar that the app owns.
pub(crate) fn create(state: &mut State, call: &Call) -> Outcome {
    let id = state.make_calendar(&call.app, Role::Owner, "")?;
    match change(state, call, &id) {
        Err(refusal) => {
            state.office.calendars.remove(&id);
            Err(refusal)
        }
        outcome => outcome,
    }
}

/// `GET calendar/v4/calendars/*`.
pub(crate) fn get(state: &mut State, call: &Call) -> Outcome {
    let id = call.part(3);
    if id == calendar_id(&call.app) {
        return Ok(Answer::Data(primary_of(state, &call.app)));
    }
    state.calendar_as(&call.app, id, Role::FreeBusyReader)?;
    let shared = state.shared_calendar(id)?;
    let role = shared.roles.get(&call.app).copied().ok_or(Refusal::code(191_002))?;
    Ok(Answer::Data(shown(id, shared, role)))
}

/// `PATCH calendar/v4/calendars/*`.
pub(crate) fn patch(state: &mut State, call: &Call) -> Outcome {
    change(state, call, call.part(3))
}

fn change(state: &mut State, call: &Call, id: &str) -> Outcome {
    let changed = state.stage.number();
    let shared = owned(state, call, id)?;
    let mut wanted = shared.clone();
    fill(&mut wanted, &call.body)?;
    wanted.changed = changed;
    *shared = wanted;
    let answer = shown(id, shared, Role::Owner);
    Ok(Answer::Data(json!({ "calendar": answer })))
}

/// `DELETE calendar/v4/calendars/*`.
pub(crate) fn delete(state: &mut State, call: &Call) -> Outcome {
    let changed = state.stage.number();
    let shared = owned(state, call, call.part(3))?;
    (shared.is_deleted, shared.changed) = (true, changed);
    Ok(Answer::Data(json!({})))
}

/// A shared calendar that the app owns.
fn owned<'a>(state: &'a mut State, call: &Call, id: &str) -> Result<&'a mut SharedCalendar, Refusal> {
    if id == calendar_id(&call.app) {
        return Err(Refusal::code(WRONG_TYPE));
    }
    state.calendar_as(&call.app, id, Role::Owner)?;
    state.office.calendars.get_mut(id).ok_or(Refusal::code(191_000))
}

//! Video conferences by the API: begun at once, scheduled, looked at, ended.

use serde_json::{Value, json};

use super::Outcome;
use super::reading::Call;
use crate::faults::Fault;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::conferences::{Conference, Scheduled};

const TITLE_CHARACTERS_MAX: usize = 256;
const PAGE_MAX: usize = 100;

fn wrong() -> Refusal {
    Refusal::bad("paramsError")
}

fn forbidden() -> Refusal {
    Refusal::new(404, "permissionError", "permissionError")
}

fn title<'a>(call: &'a Call, name: &str) -> Result<&'a str, Refusal> {
    let title = call.needed(name, "paramsTitleError")?;
    let is_short = title.chars().count() <= TITLE_CHARACTERS_MAX;
    if is_short { Ok(title) } else { Err(Refusal::bad("paramsTitleError")) }
}

/// Somebody of the organisation.
fn known(state: &State, union: &str) -> Result<String, Refusal> {
    let person = state.person_of_union(union).filter(|person| person.is_listed());
    person.map(|person| person.union_id.clone()).ok_or_else(|| Refusal::bad("unknownUserError"))
}

fn broken(state: &mut State) -> Result<(), Refusal> {
    if state.stage.faults.strikes(Fault::ConferenceSystemError) {
        return Err(Refusal::new(500, "systemError", "systemError"));
    }
    Ok(())
}

fn conference<'a>(state: &'a State, call: &Call) -> Result<&'a Conference, Refusal> {
    state.conferences.get(call.part(3)).ok_or_else(wrong)
}

pub(super) fn create(state: &mut State, call: &Call) -> Outcome {
    broken(state)?;
    let title = title(call, "confTitle")?;
    let creator = known(state, call.text("userId"))?;
    let mut invited = call.texts("inviteUserIds");
    let inside = |union: &String| state.person_of_union(union).is_some_and(|person| person.is_listed());
    if !invited.iter().all(inside) {
        return Err(Refusal::bad("orgAccessForbidden"));
    }
    // Who begins it is rung too, unless that is switched off.
    if call.body.get("inviteCaller") != Some(&false.into()) && !invited.contains(&creator) {
        invited.insert(0, creator.clone());
    }
    let id = state.begin_conference(&call.app, &creator, title, &invited, None)?;
    let room_code = state.conferences.get(&id).map(|known| known.room_code.clone()).unwrap_or_default();
    Ok(json!({
        "conferenceId": id, "conferencePassword": "", "hostPassword": "", "phoneNumbers": [],
        "externalLinkUrl": state.link_of(&room_code), "roomCode": room_code,
    }))
}

pub(super) fn close(state: &mut State, call: &Call) -> Outcome {
    broken(state)?;
    let known = conference(state, call)?;
    if known.creator != call.query("unionId") {
        return Err(forbidden());
    }
    let id = known.id.clone();
    state.end_conference(&id);
    Ok(json!({ "code": 200, "cause": "" }))
}

pub(super) fn get(state: &mut State, call: &Call) -> Outcome {
    broken(state)?;
    Ok(json!({ "confInfo": conference(state, call)?.shown(state) }))
}

pub(super) fn members(state: &mut State, call: &Call) -> Outcome {
    broken(state)?;
    let known = conference(state, call)?;
    let number = |name: &str, otherwise: usize| match call.query(name) {
        "" => Ok(otherwise),
        text => text.parse().map_err(|_| wrong()),
    };
    let (from, size): (usize, usize) = (number("nextToken", 0)?, number("maxResults", PAGE_MAX)?);
    if !(1..=PAGE_MAX).contains(&size) {
        return Err(wrong());
    }
    let page = known.members.iter().skip(from).take(size).map(|member| known.member(state, member));
    let mut answer =
        json!({ "memberModels": page.collect::<Vec<Value>>(), "totalCount": known.members.len() });
    if from.saturating_add(size) < known.members.len() {
        answer["nextToken"] = (from + size).to_string().into();
    }
    Ok(answer)
}

/// The conferences in which somebody is or is asked to be.
pub(super) fn of_person(state: &mut State, call: &Call) -> Outcome {
    broken(state)?;
    let union = known(state, call.query("unionId"))?;
    let is_theirs =
        |known: &&Conference| known.is_running() && known.members.iter().any(|member| member.union == union);
    let running = state.conferences.values().filter(is_theirs).map(|known| known.shown(state));
    Ok(json!({ "conferenceList": running.collect::<Vec<Value>>() }))
}

/// Creator, title and times of a request.
fn read(state: &State, call: &Call) -> Result<(String, String, u64, u64), Refusal> {
    let title = title(call, "title")?.to_owned();
    let creator = known(state, call.text("creatorUnionId"))?;
    let times = call.number("startTime").zip(call.number("endTime"));
    let (start_ms, end_ms) = times.filter(|(start_ms, end_ms)| start_ms < end_ms).ok_or_else(wrong)?;
    Ok((creator, title, start_ms, end_ms))
}

pub(super) fn schedule(state: &mut State, call: &Call) -> Outcome {
    broken(state)?;
    let (creator, title, start_ms, end_ms) = read(state, call)?;
    if state.scheduled.len() >= RECORDS_MAX {
        return Err(Refusal::new(404, "waterLimitError", "there are too many conferences"));
    }
    let (id, room_code) = (state.stage.chance.id("", 32), state.room_code());
    let (url, request) = (state.link_of(&room_code), state.stage.chance.id("", 32));
    let answer = json!({
        "scheduleConferenceId": id, "roomCode": room_code, "url": url, "phones": [], "requestId": request,
    });
    let app = call.app.clone();
    let scheduled =
        Scheduled { id: id.clone(), app, title, creator, room_code, start_ms, end_ms, is_cancelled: false };
    state.scheduled.insert(id, scheduled);
    Ok(answer)
}

/// A scheduled conference that is not cancelled, of whom the request names.
fn own<'a>(state: &'a mut State, call: &Call) -> Result<&'a mut Scheduled, Refusal> {
    let known = state.scheduled.get_mut(call.text("scheduleConferenceId"));
    let known = known.filter(|known| !known.is_cancelled).ok_or_else(wrong)?;
    if known.creator == call.text("creatorUnionId") { Ok(known) } else { Err(forbidden()) }
}

pub(super) fn reschedule(state: &mut State, call: &Call) -> Outcome {
    broken(state)?;
    let (_, title, start_ms, end_ms) = read(state, call)?;
    let known = own(state, call)?;
    (known.title, known.start_ms, known.end_ms) = (title, start_ms, end_ms);
    Ok(json!({ "success": true }))
}

pub(super) fn cancel(state: &mut State, call: &Call) -> Outcome {
    broken(state)?;
    own(state, call)?.is_cancelled = true;
    Ok(json!({ "success": true }))
}

pub(super) fn scheduled(state: &mut State, call: &Call) -> Outcome {
    broken(state)?;
    let asking = known(state, call.query("requestUnionId"))?;
    let plan = state.scheduled.get(call.part(3)).filter(|plan| !plan.is_cancelled).ok_or_else(wrong)?;
    if plan.creator != asking {
        return Err(forbidden());
    }
    Ok(json!({
        "scheduleConferenceId": plan.id, "title": plan.title, "roomCode": plan.room_code,
        "url": state.link_of(&plan.room_code), "phones": [], "startTime": plan.start_ms, "endTime": plan.end_ms,
    }))
}

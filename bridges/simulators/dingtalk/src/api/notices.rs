//! Work notices of apps by the old API, and DING of robots by the new one.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Outcome;
use super::contacts::is_within;
use super::reading::Call;
use super::robots::robot;
use crate::chance::opaque;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::notices::Notice;
use crate::state::people::Person;

/// The bounds of a work notice.
const PEOPLE_MAX: usize = 100;
const DEPARTMENTS_MAX: usize = 20;
const MESSAGE_BYTES_MAX: usize = 2_048;
/// Whom a DING may go to inside the app, and by a short message or a call.
const DING_PEOPLE_MAX: usize = 200;
const CALLED_PEOPLE_MAX: usize = 20;

/// Numbers of notices begin here.
const TASKS_FROM: u64 = 300_000_000_000;
const NOTICES: &str = "工作通知";
const DING: &str = "DING";
const DING_WRONG: &str = "invalidParameter.param.invalid";

fn wrong() -> Refusal {
    Refusal::old(400_002)
}

fn is_listed(state: &State, person: &str) -> bool {
    state.people.get(person).is_some_and(Person::is_listed)
}

/// Whether the request names the app that makes it.
fn check_agent(state: &State, call: &Call) -> Result<(), Refusal> {
    let own = state.apps.get(&call.app).map(|app| app.agent_id);
    if own.is_some() && own == call.number("agent_id") { Ok(()) } else { Err(wrong()) }
}

/// A list that is written with commas.
fn listed(call: &Call, name: &str) -> Vec<String> {
    let parts = call.text(name).split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

/// Whom a request names, also by departments and what is below them; and the departments that are none.
fn wanted(state: &State, call: &Call) -> Result<(BTreeSet<String>, Vec<u64>), Refusal> {
    if call.body.get("to_all_user").is_some_and(|all| *all == true || *all == "true") {
        let everybody = state.people.values().filter(|person| person.is_listed());
        return Ok((everybody.map(|person| person.user_id.clone()).collect(), Vec::new()));
    }
    let (people, departments) = (listed(call, "userid_list"), listed(call, "dept_id_list"));
    let is_none = people.is_empty() && departments.is_empty();
    if is_none || people.len() > PEOPLE_MAX || departments.len() > DEPARTMENTS_MAX {
        return Err(wrong());
    }
    let departments: Option<Vec<u64>> = departments.iter().map(|id| id.parse().ok()).collect();
    let departments = departments.ok_or_else(wrong)?.into_iter();
    let (known, unknown): (Vec<u64>, Vec<u64>) =
        departments.partition(|id| state.departments.contains_key(id));
    let is_there =
        |person: &&Person| person.is_listed() && known.iter().any(|id| is_within(state, person, *id));
    let mut all: BTreeSet<String> = people.into_iter().collect();
    all.extend(state.people.values().filter(is_there).map(|person| person.user_id.clone()));
    Ok((all, unknown))
}

/// Takes a work notice. Whom it reaches is said by its result, not by this answer.
pub(super) fn send(state: &mut State, call: &Call) -> Outcome {
    check_agent(state, call)?;
    let message = call.body.get("msg").ok_or_else(wrong)?;
    // Text is the kind that is documented; others are taken when what they name is there.
    let kind = message.get("msgtype").and_then(Value::as_str).unwrap_or_default();
    let content = message.get(kind).filter(|content| content.is_object()).ok_or_else(wrong)?;
    let words = message.to_string();
    if words.len() > MESSAGE_BYTES_MAX {
        return Err(wrong());
    }
    if state.notices.len() >= RECORDS_MAX {
        return Err(Refusal::old(-1));
    }
    let (people, invalid_departments) = wanted(state, call)?;
    let (app, sent_ms) = (call.app.clone(), state.stage.now_ms());
    let mut notice = Notice { app, sent_ms, words, invalid_departments, ..Notice::default() };
    for person in people {
        if !is_listed(state, &person) {
            notice.invalid.push(person);
        } else if state.may_be_told(&call.app, &person, &notice.words) {
            let message = state.put_before(&person, NOTICES, &call.app, kind, content.clone())?;
            notice.reached.push((person, message));
        } else {
            notice.forbidden.push(person);
        }
    }
    let task = TASKS_FROM + state.stage.number();
    state.notices.insert(task, notice);
    Ok(json!({ "task_id": task }))
}

/// The notice of a request, if this app sent it.
fn own<'a>(state: &'a State, call: &Call, name: &str) -> Result<&'a Notice, Refusal> {
    check_agent(state, call)?;
    let known = call.number(name).and_then(|task| state.notices.get(&task));
    known.filter(|notice| notice.app == call.app).ok_or_else(wrong)
}

pub(super) fn progress(state: &mut State, call: &Call) -> Outcome {
    own(state, call, "task_id")?;
    Ok(json!({ "progress": { "progress_in_percent": 100, "status": 2 } }))
}

pub(super) fn result(state: &mut State, call: &Call) -> Outcome {
    let notice = own(state, call, "task_id")?;
    let (mut read, mut unread) = (Vec::new(), Vec::new());
    for (person, message) in &notice.reached {
        let has_read = state.messages.get(message).is_some_and(|message| message.read_by.contains(person));
        if has_read { read.push(person) } else { unread.push(person) }
    }
    Ok(json!({ "send_result": {
        "invalid_user_id_list": notice.invalid, "forbidden_user_id_list": notice.forbidden,
        "failed_user_id_list": [], "read_user_id_list": read, "unread_user_id_list": unread,
        "invalid_dept_id_list": notice.invalid_departments,
    } }))
}

pub(super) fn recall(state: &mut State, call: &Call) -> Outcome {
    let notice = own(state, call, "msg_task_id")?;
    if state.stage.now_ms() >= notice.sent_ms + state.settings.recall_window_ms {
        return Err(wrong());
    }
    let messages: Vec<String> = notice.reached.iter().map(|(_, message)| message.clone()).collect();
    state.take_back(&messages);
    Ok(json!({}))
}

/// A robot urges people: inside the app, by a short message, or by a call.
pub(super) fn ding(state: &mut State, call: &Call) -> Outcome {
    let robot = robot(state, call)?;
    let content = call.needed("content", DING_WRONG)?;
    let kind = call.number("remindType");
    let most = match kind {
        Some(1) => DING_PEOPLE_MAX,
        Some(2 | 3) => CALLED_PEOPLE_MAX,
        _ => return Err(Refusal::bad(DING_WRONG)),
    };
    let people = call.texts("receiverUserIdList");
    if people.is_empty() {
        return Err(Refusal::bad("invalidParameter.userIds.empty"));
    }
    if people.len() > most {
        return Err(Refusal::bad("ding.receivercount.limit"));
    }
    if state.dings.len() >= RECORDS_MAX {
        return Err(Refusal::new(500, "system.error", "there are too many"));
    }
    let (mut reached, mut failed) = (Vec::new(), Map::new());
    for person in people {
        if is_listed(state, &person) {
            let said = json!({ "text": content, "remindType": kind });
            reached.push(state.put_before(&person, DING, &robot, "ding", said)?);
        } else {
            failed.insert(person, "staffId.notExisted".into());
        }
    }
    let id = opaque(&mut state.stage.chance, "");
    state.dings.insert(id.clone(), (robot, reached));
    Ok(json!({ "openDingId": id, "failedList": failed }))
}

pub(super) fn ding_recall(state: &mut State, call: &Call) -> Outcome {
    let robot = robot(state, call)?;
    let id = call.needed("openDingId", DING_WRONG)?;
    let known = state.dings.get(id).filter(|(by, _)| *by == robot).map(|(_, messages)| messages.clone());
    let messages = known.ok_or_else(|| Refusal::bad(DING_WRONG))?;
    state.take_back(&messages);
    Ok(json!({ "openDingId": id }))
}

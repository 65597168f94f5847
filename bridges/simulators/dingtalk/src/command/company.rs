//! What administrators of the company change: people, departments, and what the platform tells apps of it.

use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::state::State;
use crate::state::people::{Department, Person, ROOT};

/// What else the platform tells apps, of which nothing here is the cause.
const TOLD: &[&str] = &[
    "user_active_org",
    "org_change",
    "org_remove",
    "label_user_change",
    "label_conf_add",
    "label_conf_del",
    "label_conf_modify",
    "suite_ticket",
    "org_suite_auth",
    "org_suite_change",
    "org_suite_relieve",
    "workflow_instance_change_broadcast",
    "workflow_instance_change_directed",
    "workflow_task_change_broadcast",
    "workflow_task_change_directed",
    "workflow_form_change",
    "oa_timeout_plugin_task_msg",
];

/// What changes of somebody; all of it may be left out.
pub(super) struct Changes {
    pub(super) name: Option<String>,
    pub(super) resigned: Option<bool>,
    pub(super) departments: Option<Vec<u64>>,
    pub(super) admin: Option<bool>,
}

fn told_at(state: &mut State) -> Value {
    state.stage.now_ms().to_string().into()
}

pub(super) fn change_person(state: &mut State, user_id: &str, changes: Changes) -> Result<Value, Refusal> {
    let mut data = json!({ "timeStamp": told_at(state), "userId": [user_id] });
    let person = state.people.get_mut(user_id);
    let person = person.ok_or_else(|| Refusal::control("there is no such person"))?;
    let before = person.clone();
    person.name = changes.name.unwrap_or_else(|| person.name.clone());
    person.resigned = changes.resigned.unwrap_or(person.resigned);
    person.departments = changes.departments.unwrap_or_else(|| person.departments.clone());
    person.admin = changes.admin.unwrap_or(person.admin);
    let after = person.clone();
    if before.admin != after.admin {
        state.emit_to_all(if after.admin { "org_admin_add" } else { "org_admin_remove" }, &data);
    }
    if after.resigned && !before.resigned {
        for chat in state.chats.values_mut() {
            chat.people.remove(user_id);
        }
        state.emit_to_all("user_leave_org", &data);
    } else if before.resigned && !after.resigned {
        state.emit_to_all("user_add_org", &data);
    } else if before.name != after.name || before.departments != after.departments {
        data["diffInfo"] = json!({
            "userid": user_id, "prev": { "name": before.name }, "curr": { "name": after.name },
        });
        state.emit_to_all("user_modify_org", &data);
    }
    Ok(json!({}))
}

fn tell_of_department(state: &mut State, event_type: &'static str, id: u64) -> Value {
    let data = json!({ "timeStamp": told_at(state), "deptId": [id] });
    state.emit_to_all(event_type, &data);
    json!({})
}

pub(super) fn add_department(
    state: &mut State,
    id: u64,
    name: String,
    parent: u64,
) -> Result<Value, Refusal> {
    let taken = state.departments.contains_key(&id) || state.departments.len() >= crate::limits::RECORDS_MAX;
    if taken || !state.departments.contains_key(&parent) {
        return Err(Refusal::control("the department exists, its parent does not, or there are too many"));
    }
    state.departments.insert(id, Department { name, parent });
    Ok(tell_of_department(state, "org_dept_create", id))
}

/// Whether a department is another one, or below it.
fn is_within(state: &State, id: u64, other: u64) -> bool {
    let above = |id: &u64| state.departments.get(id).map(|department| department.parent);
    std::iter::successors(Some(id), above).take(state.departments.len()).any(|id| id == other)
}

pub(super) fn change_department(
    state: &mut State,
    id: u64,
    name: Option<String>,
    parent: Option<u64>,
) -> Result<Value, Refusal> {
    let wrong = |parent: u64| !state.departments.contains_key(&parent) || is_within(state, parent, id);
    if id == ROOT && parent.is_some() || parent.is_some_and(wrong) {
        return Err(Refusal::control("the department cannot be below that one"));
    }
    let known = state.departments.get_mut(&id);
    let known = known.ok_or_else(|| Refusal::control("there is no such department"))?;
    known.name = name.unwrap_or_else(|| known.name.clone());
    known.parent = parent.unwrap_or(known.parent);
    Ok(tell_of_department(state, "org_dept_modify", id))
}

pub(super) fn remove_department(state: &mut State, id: u64) -> Result<Value, Refusal> {
    let is_in = |person: &Person| person.is_listed() && person.departments.contains(&id);
    let is_used = state.people.values().any(is_in)
        || state.departments.values().any(|department| department.parent == id);
    if id == ROOT || is_used || state.departments.remove(&id).is_none() {
        return Err(Refusal::control("there is no such department, or it is not empty"));
    }
    Ok(tell_of_department(state, "org_dept_remove", id))
}

/// Tells an app something that nothing else here causes.
pub(super) fn tell(state: &mut State, app: &str, event: &str, data: Value) -> Result<Value, Refusal> {
    state.app(app)?;
    let known = TOLD.iter().find(|known| **known == event);
    let known =
        known.ok_or_else(|| Refusal::control("there is no such event, or something here causes it"))?;
    state.emit(app, known, data);
    Ok(json!({}))
}

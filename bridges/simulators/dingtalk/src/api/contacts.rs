//! Departments and people.

use serde_json::{Value, json};

use super::Outcome;
use super::reading::Call;
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::people::{Person, ROOT};

const PAGE_MAX: u64 = 100;

fn department_id(state: &State, call: &Call) -> Result<u64, Refusal> {
    let id = call.number("dept_id").unwrap_or(ROOT);
    if state.departments.contains_key(&id) { Ok(id) } else { Err(Refusal::old(60_003)) }
}

fn shown(state: &State, id: u64) -> Value {
    let department = state.departments.get(&id);
    let members = state.people.values().filter(|person| is_in(person, id)).count();
    json!({
        "dept_id": id, "name": department.map(|department| &department.name),
        "parent_id": department.map(|department| department.parent), "auto_add_user": true,
        "create_dept_group": false, "order": 1, "dept_manager_userid_list": [], "dept_group_chat_id": "",
        "org_dept_owner": "", "hide_dept": false, "outer_dept": false, "member_count": members,
    })
}

/// Whether somebody is a direct member; who is in no department is in the root.
fn is_in(person: &Person, id: u64) -> bool {
    let root = person.departments.is_empty() && id == ROOT;
    person.is_listed() && (root || person.departments.contains(&id))
}

fn below(state: &State, id: u64) -> Vec<u64> {
    let children = state.departments.iter().filter(|(_, department)| department.parent == id);
    children.map(|(id, _)| *id).collect()
}

pub(super) fn departments(state: &mut State, call: &Call) -> Outcome {
    let id = department_id(state, call)?;
    let children: Vec<Value> = below(state, id).into_iter().map(|id| shown(state, id)).collect();
    Ok(json!({ "result": children }))
}

pub(super) fn department_ids(state: &mut State, call: &Call) -> Outcome {
    let id = department_id(state, call)?;
    Ok(json!({ "result": { "dept_id_list": below(state, id) } }))
}

pub(super) fn department(state: &mut State, call: &Call) -> Outcome {
    let id = department_id(state, call)?;
    Ok(json!({ "result": shown(state, id) }))
}

/// A department and those above it, the topmost last.
fn line(state: &State, id: u64) -> Vec<u64> {
    let above = |id: &u64| state.departments.get(id).map(|department| department.parent);
    std::iter::successors(Some(id), above).take_while(|id| *id != 0).take(state.departments.len()).collect()
}

/// Whether somebody is in a department, or in one below it.
pub(super) fn is_within(state: &State, person: &Person, id: u64) -> bool {
    id == ROOT || person.departments.iter().any(|own| line(state, *own).contains(&id))
}

pub(super) fn above(state: &mut State, call: &Call) -> Outcome {
    let id = department_id(state, call)?;
    Ok(json!({ "result": { "parent_id_list": line(state, id) } }))
}

pub(super) fn above_person(state: &mut State, call: &Call) -> Outcome {
    let person = state.people.get(call.text("userid")).filter(|person| person.is_listed());
    let departments = person.map(|person| person.departments.clone()).ok_or_else(|| Refusal::old(60_121))?;
    let departments = if departments.is_empty() { vec![ROOT] } else { departments };
    let lines: Vec<Value> =
        departments.into_iter().map(|id| json!({ "parent_dept_id_list": line(state, id) })).collect();
    Ok(json!({ "result": { "parent_list": lines } }))
}

/// Somebody, perhaps with every number and boolean as a text.
fn contact(state: &mut State, person: &Person) -> Value {
    let contact = person.contact();
    if state.stage.faults.strikes(Fault::ContactsTextNumbers) { as_texts(contact) } else { contact }
}

fn as_texts(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                let value = match value {
                    Value::Number(_) | Value::Bool(_) | Value::Array(_) => value.to_string().into(),
                    other => other,
                };
                (name, value)
            })
            .collect(),
        other => other,
    }
}

pub(super) fn user(state: &mut State, call: &Call) -> Outcome {
    let id = call.text("userid");
    if id.is_empty() {
        return Err(Refusal::old(33_012));
    }
    let is_gone = state.stage.faults.strikes(Fault::ContactsPersonGone);
    let person = state.people.get(id).filter(|person| person.is_listed() && !is_gone).cloned();
    let person = person.ok_or_else(|| Refusal::old(60_121))?;
    Ok(json!({ "result": contact(state, &person) }))
}

pub(super) fn users(state: &mut State, call: &Call) -> Outcome {
    let id = department_id(state, call)?;
    let size = call.number("size").unwrap_or(PAGE_MAX);
    if size == 0 || size > PAGE_MAX {
        return Err(Refusal::old(400_002));
    }
    let members: Vec<Person> = state.people.values().filter(|person| is_in(person, id)).cloned().collect();
    let from = call.number("cursor").and_then(|from| usize::try_from(from).ok()).unwrap_or(0);
    let until = from.saturating_add(usize::try_from(size).unwrap_or(1)).min(members.len());
    let page = members.get(from..until).unwrap_or_default();
    let mut list: Vec<Value> = page.iter().map(|person| contact(state, person)).collect();
    if state.stage.faults.strikes(Fault::ContactsPageShort) {
        list.pop();
    }
    let mut result = json!({ "has_more": until < members.len(), "list": list });
    if until < members.len() {
        result["next_cursor"] = until.into();
    }
    Ok(json!({ "result": result }))
}

/// A page of people of whom the name alone is told.
pub(super) fn names(state: &mut State, call: &Call) -> Outcome {
    let mut answer = users(state, call)?;
    let list = answer.get_mut("result").and_then(|result| result.get_mut("list")?.as_array_mut());
    for person in list.into_iter().flatten() {
        *person = json!({ "userid": person.get("userid"), "name": person.get("name") });
    }
    Ok(answer)
}

pub(super) fn user_ids(state: &mut State, call: &Call) -> Outcome {
    let id = department_id(state, call)?;
    let members: Vec<&String> =
        state.people.values().filter(|person| is_in(person, id)).map(|person| &person.user_id).collect();
    Ok(json!({ "result": { "userid_list": members } }))
}

pub(super) fn by_union_id(state: &mut State, call: &Call) -> Outcome {
    let person = state.person_of_union(call.text("unionid")).filter(|person| !person.resigned);
    let person = person.ok_or_else(|| Refusal::old(60_121))?;
    let kind = u8::from(person.outside);
    Ok(json!({ "result": { "contact_type": kind, "userid": person.user_id } }))
}

pub(super) fn by_mobile(state: &mut State, call: &Call) -> Outcome {
    let mobile = call.text("mobile");
    let found = state.people.values().find(|person| person.is_listed() && person.mobile == mobile);
    let person = found.filter(|_| !mobile.is_empty()).ok_or_else(|| Refusal::old(60_121))?;
    Ok(json!({ "result": { "userid": person.user_id } }))
}

pub(super) fn count(state: &mut State, _: &Call) -> Outcome {
    let listed = state.people.values().filter(|person| person.is_listed()).count();
    Ok(json!({ "result": { "count": listed } }))
}

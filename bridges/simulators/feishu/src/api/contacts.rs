//! Contacts: people and departments, as far as an app may see them.

use serde_json::{Value, json};

use super::envelope::page as shown_page;
use super::{Answer, Call, Outcome, paging};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::people::{Department, Person, open_department_id};

/// People that one request may ask for.
const BATCH_MAX: usize = 50;

fn seen<'a>(state: &'a State, call: &Call, id: &str) -> Result<&'a Person, Refusal> {
    let person = state.person(&call.app, call.query_or("user_id_type", "open_id"), id)?;
    if state.sees(&call.app, person) { Ok(person) } else { Err(Refusal::code(41_050)) }
}

/// `GET contact/v3/users/*`.
pub(crate) fn user(state: &mut State, call: &Call) -> Outcome {
    let person = seen(state, call, call.part(3))?;
    Ok(Answer::Data(json!({ "user": state.contact(&call.app, person) })))
}

/// `GET contact/v3/users/batch`: who is missing is simply absent.
pub(crate) fn batch(state: &mut State, call: &Call) -> Outcome {
    let ids: Vec<&str> =
        call.query.iter().filter(|(name, _)| name == "user_ids").map(|(_, id)| id.as_str()).collect();
    if ids.is_empty() || ids.len() > BATCH_MAX {
        return Err(Refusal::code(40_001));
    }
    let people = ids.iter().filter_map(|id| seen(state, call, id).ok());
    let items: Vec<Value> = people.map(|person| state.contact(&call.app, person)).collect();
    Ok(Answer::Data(json!({ "items": items })))
}

/// `POST contact/v3/users/batch_get_id`.
pub(crate) fn ids(state: &mut State, call: &Call) -> Outcome {
    let kind = call.query_or("user_id_type", "open_id");
    let mut list = Vec::new();
    for (name, field) in [("emails", "email"), ("mobiles", "mobile")] {
        let asked = call.body.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        if asked.len() > BATCH_MAX {
            return Err(Refusal::code(40_001));
        }
        for text in asked.iter().filter_map(Value::as_str) {
            let mut people =
                state.people.values().filter(|person| state.sees(&call.app, person) && !person.resigned);
            let found =
                people.find(|person| text == if field == "email" { &person.email } else { &person.mobile });
            let mut entry = json!({ field: text });
            if let Some(person) = found {
                entry["user_id"] = state.id_of(&call.app, &person.user_id, kind).into();
            }
            list.push(entry);
        }
    }
    Ok(Answer::Data(json!({ "user_list": list })))
}

/// `GET contact/v3/users/find_by_department`.
pub(crate) fn by_department(state: &mut State, call: &Call) -> Outcome {
    let department = granted(state, call, call.query("department_id"))?;
    let people = state.people.values().filter(|person| {
        let inside = match department.as_str() {
            "0" => person.departments.is_empty(),
            department => person.departments.iter().any(|known| known == department),
        };
        inside && state.sees(&call.app, person) && !person.resigned
    });
    let items: Vec<Value> = people.map(|person| state.contact(&call.app, person)).collect();
    let (items, token) = paging::contacts(call, items)?;
    Ok(Answer::Data(shown_page(items, token)))
}

/// The `department_id` of what a request names; `0` is the root.
fn find(state: &State, call: &Call, id: &str) -> Result<String, Refusal> {
    if id == "0" {
        return Ok("0".to_owned());
    }
    let by_own = call.query_or("department_id_type", "open_department_id") == "department_id";
    let mut known = state.departments.keys();
    let found = known.find(|known| if by_own { *known == id } else { open_department_id(known) == id });
    found.cloned().ok_or(Refusal::code(40_008))
}

/// The same where the app may look into it; into the root only who sees everybody.
fn granted(state: &State, call: &Call, id: &str) -> Result<String, Refusal> {
    let found = find(state, call, id)?;
    let may = match state.departments.get(&found) {
        Some(department) => state.reaches_department(&call.app, department),
        None => state.reaches_everybody(&call.app),
    };
    if may { Ok(found) } else { Err(Refusal::code(40_004)) }
}

fn shown(state: &State, department: &Department) -> Value {
    let members =
        state.people.values().filter(|person| person.departments.contains(&department.department_id));
    json!({
        "name": department.name, "department_id": department.department_id,
        "open_department_id": open_department_id(&department.department_id),
        "parent_department_id": open_department_id(&department.parent),
        "member_count": members.count(), "status": { "is_deleted": false },
    })
}

/// `GET contact/v3/departments/*`.
pub(crate) fn department(state: &mut State, call: &Call) -> Outcome {
    let id = granted(state, call, call.part(3))?;
    let root = Department { department_id: "0".into(), name: "Root".into(), parent: "0".into() };
    let department = state.departments.get(&id).unwrap_or(&root);
    Ok(Answer::Data(json!({ "department": shown(state, department) })))
}

/// `GET contact/v3/departments/*/children`.
pub(crate) fn children(state: &mut State, call: &Call) -> Outcome {
    let parent = granted(state, call, call.part(3))?;
    let deep = call.query("fetch_child") == "true";
    let mut parents = vec![parent];
    let mut found: Vec<Value> = Vec::new();
    while let Some(parent) = parents.pop() {
        for department in state.departments.values().filter(|department| department.parent == parent) {
            found.push(shown(state, department));
            // A parent comes before its children, so nothing is walked twice.
            if deep {
                parents.push(department.department_id.clone());
            }
        }
    }
    let (items, token) = paging::contacts(call, found)?;
    Ok(Answer::Data(shown_page(items, token)))
}

/// `GET contact/v3/scopes`: the topmost of what the app may see.
pub(crate) fn scopes(state: &mut State, call: &Call) -> Outcome {
    let granted = state.granted(&call.app);
    let by_own = call.query_or("department_id_type", "open_department_id") == "department_id";
    let named = |id: &String| if by_own { id.clone() } else { open_department_id(id) };
    let departments: Vec<String> = granted.departments.iter().map(named).collect();
    let kind = call.query_or("user_id_type", "open_id");
    let people: Vec<String> =
        granted.people.iter().map(|person| state.id_of(&call.app, person, kind)).collect();
    Ok(Answer::Data(json!({
        "department_ids": departments, "user_ids": people, "group_ids": [], "has_more": false,
    })))
}

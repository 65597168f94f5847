//! What administrators do with people and departments, and what apps are told of it.

use serde_json::{Map, Value, json};

use super::Command;
use super::setting::taken;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::people::{Department, Person, open_department_id};

/// Does it, or gives the command back because it is none of these.
pub(super) fn apply(state: &mut State, command: Command) -> Result<Result<Value, Refusal>, Box<Command>> {
    Ok(match command {
        Command::AddPerson { user_id, name, email, department, outside } => {
            let person = Person {
                user_id,
                en_name: name.clone(),
                name,
                email,
                departments: department.into_iter().collect(),
                outside,
                unavailable: outside,
                ..Person::default()
            };
            add_person(state, person)
        }
        Command::AddDepartment { department_id, name, parent } => {
            add_department(state, Department { department_id, name, parent })
        }
        Command::ChangeDepartment { department_id, name } => change_department(state, &department_id, name),
        Command::RemoveDepartment { department_id } => remove_department(state, &department_id),
        Command::ChangePerson {
            user_id,
            name,
            job_title,
            department,
            resigned,
            unavailable,
            stopped_bots,
        } => {
            let Some(known) = state.people.get(&user_id) else { return Ok(Err(Refusal::code(99_992_360))) };
            let mut person = known.clone();
            person.name = name.unwrap_or(person.name);
            person.job_title = job_title.unwrap_or(person.job_title);
            person.departments = department.map_or(person.departments, |department| vec![department]);
            person.resigned = resigned.unwrap_or(person.resigned);
            person.unavailable = unavailable.unwrap_or(person.unavailable);
            person.stopped_bots = stopped_bots.unwrap_or(person.stopped_bots);
            Ok(change_person(state, person))
        }
        other => return Err(Box::new(other)),
    })
}

fn add_person(state: &mut State, person: Person) -> Result<Value, Refusal> {
    if state.people.contains_key(&person.user_id) || state.people.len() >= RECORDS_MAX {
        return Err(taken("the person exists, or there are too many"));
    }
    state.people.insert(person.user_id.clone(), person.clone());
    if !person.unavailable {
        state.tell_of_contact("contact.user.created_v3", &person, &|_, _| None);
    }
    Ok(json!({}))
}

fn add_department(state: &mut State, department: Department) -> Result<Value, Refusal> {
    let known = |id: &str| id == "0" || state.departments.contains_key(id);
    let is_free = !known(&department.department_id) && known(&department.parent);
    if !is_free || state.departments.len() >= RECORDS_MAX {
        return Err(taken("the department exists, its parent does not, or there are too many"));
    }
    state.tell_of_department("contact.department.created_v3", &department, None);
    state.departments.insert(department.department_id.clone(), department);
    Ok(json!({}))
}

fn change_department(state: &mut State, id: &str, name: String) -> Result<Value, Refusal> {
    let department = state.departments.get_mut(id).ok_or(Refusal::code(40_008))?;
    let before = std::mem::replace(&mut department.name, name);
    let department = department.clone();
    state.tell_of_department("contact.department.updated_v3", &department, Some(json!({ "name": before })));
    Ok(json!({}))
}

fn remove_department(state: &mut State, id: &str) -> Result<Value, Refusal> {
    if state.departments.values().any(|below| below.parent == id) {
        return Err(taken("there are departments below it"));
    }
    let department = state.departments.remove(id).ok_or(Refusal::code(40_008))?;
    for person in state.people.values_mut() {
        person.departments.retain(|of| of != id);
    }
    let old = json!({ "status": { "is_deleted": true }, "open_department_id": open_department_id(id) });
    state.tell_of_department("contact.department.deleted_v3", &department, Some(old));
    // Told first: who saw the department hears that it went.
    for reach in state.apps.values_mut().filter_map(|app| app.reach.as_mut()) {
        reach.departments.remove(id);
    }
    Ok(json!({}))
}

/// Puts a record in place of the one before. That somebody left is an event of its own; of what is a bot's affair alone nobody is told.
fn change_person(state: &mut State, person: Person) -> Value {
    let Some(before) = state.people.insert(person.user_id.clone(), person.clone()) else { return json!({}) };
    if person.resigned && !before.resigned {
        let departments: Vec<String> = open_ids(&person);
        state.tell_of_contact("contact.user.deleted_v3", &person, &|state, app| {
            let open_id = state.id_of(app, &person.user_id, "open_id");
            Some(json!({ "department_ids": departments, "open_id": open_id }))
        });
        return json!({});
    }
    let mut old = Map::new();
    for (field, was, is) in
        [("name", &before.name, &person.name), ("job_title", &before.job_title, &person.job_title)]
    {
        if was != is {
            old.insert(field.to_owned(), was.clone().into());
        }
    }
    if before.departments != person.departments {
        old.insert("department_ids".to_owned(), open_ids(&before).into());
    }
    if !old.is_empty() {
        state.tell_of_contact("contact.user.updated_v3", &person, &|_, _| Some(old.clone().into()));
    }
    json!({})
}

fn open_ids(person: &Person) -> Vec<String> {
    person.departments.iter().map(|department| open_department_id(department)).collect()
}

//! To-dos by the API.

use serde_json::{Value, json};

use super::Outcome;
use super::reading::Call;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::todos::Todo;

const SUBJECT_CHARACTERS_MAX: usize = 1_024;
const EXECUTORS_MAX: usize = 100;
const PAGE: usize = 50;

/// What an app may say and change.
const FIELDS: &[&str] = &[
    "subject",
    "description",
    "dueTime",
    "participantIds",
    "detailUrl",
    "contentFieldList",
    "isOnlyShowExecutor",
    "priority",
    "notifyConfigs",
    "todoType",
];

fn wrong(verb: &str, reason: &str) -> Refusal {
    Refusal::new(400, &format!("todo.task{verb}.paramError"), reason)
}

fn check(call: &Call, verb: &str) -> Result<(), Refusal> {
    if call.text("subject").chars().count() > SUBJECT_CHARACTERS_MAX {
        return Err(wrong(verb, "subject is oversize"));
    }
    if call.texts("executorIds").len() > EXECUTORS_MAX {
        return Err(wrong(verb, "executors is oversize"));
    }
    let due = call.body.get("dueTime");
    if due.is_some() && call.number("dueTime").is_none() {
        return Err(wrong(verb, "dueTime is invalid"));
    }
    Ok(())
}

pub(super) fn create(state: &mut State, call: &Call) -> Outcome {
    let creator = call.part(3);
    if state.person_of_union(creator).is_none() {
        return Err(wrong("Create", "creator not exist"));
    }
    check(call, "Create")?;
    if call.text("subject").is_empty() {
        return Err(wrong("Create", "subject is empty"));
    }
    let address =
        |name: &str| call.body.get("detailUrl").and_then(|urls| urls.get(name)).is_some_and(Value::is_string);
    if !address("appUrl") && !address("pcUrl") {
        return Err(wrong("Create", "detailUrl is empty"));
    }
    let source_id = call.text("sourceId").to_owned();
    let taken = |todo: &Todo| todo.app == call.app && todo.source_id == source_id;
    if !source_id.is_empty() && state.todos.values().any(taken) {
        return Err(wrong("Create", "task exist"));
    }
    if state.todos.len() >= RECORDS_MAX {
        return Err(Refusal::new(500, "todo.taskCreate.systemError", "there are too many to-dos"));
    }
    let (id, now) = (state.stage.chance.id("", 32), state.stage.now_ms());
    let mut todo = Todo {
        id: id.clone(),
        app: call.app.clone(),
        source_id,
        creator: creator.to_owned(),
        fields: json!({}),
        executors: call.texts("executorIds"),
        done_by: Vec::new(),
        done: false,
        created_ms: now,
        modified_ms: now,
    };
    take(&mut todo, call);
    state.tell_of_todo(&todo, "todo_task_create");
    let answer = shown(&todo);
    state.todos.insert(id, todo);
    Ok(answer)
}

fn take(todo: &mut Todo, call: &Call) {
    for name in FIELDS {
        if let Some(value) = call.body.get(*name) {
            todo.fields[*name] = value.clone();
        }
    }
}

fn shown(todo: &Todo) -> Value {
    let mut value = todo.fields.clone();
    let own = json!({
        "id": todo.id, "source": todo.app, "sourceId": todo.source_id, "bizTag": todo.app,
        "creatorId": todo.creator, "modifierId": todo.creator, "executorIds": todo.executors,
        "done": todo.done, "createdTime": todo.created_ms, "modifiedTime": todo.modified_ms,
    });
    for (name, field) in own.as_object().into_iter().flatten() {
        value[name.as_str()] = field.clone();
    }
    value
}

/// Changes a to-do of this app, and tells of it.
fn change(
    state: &mut State,
    call: &Call,
    change: impl FnOnce(&mut Todo) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let now = state.stage.now_ms();
    let todo = state.todos.get_mut(call.part(5)).ok_or_else(|| wrong("Update", "task not exist"))?;
    if todo.app != call.app {
        return Err(wrong("Update", "task not belong to bizTag"));
    }
    change(todo)?;
    todo.modified_ms = now;
    let todo = todo.clone();
    state.tell_of_todo(&todo, "todo_task_update");
    Ok(())
}

pub(super) fn update(state: &mut State, call: &Call) -> Outcome {
    check(call, "Update")?;
    change(state, call, |todo| {
        take(todo, call);
        if call.body.get("executorIds").is_some() {
            todo.executors = call.texts("executorIds");
        }
        if let Some(done) = call.body.get("done").and_then(Value::as_bool) {
            todo.done = done;
        }
        Ok(())
    })?;
    Ok(json!({ "result": true }))
}

pub(super) fn executor_status(state: &mut State, call: &Call) -> Outcome {
    change(state, call, |todo| {
        for status in call.body.get("executorStatusList").and_then(Value::as_array).into_iter().flatten() {
            let id = status.get("id").and_then(Value::as_str).unwrap_or_default();
            if !todo.executors.iter().any(|known| known == id) {
                return Err(wrong("Update", "executor not exist"));
            }
            todo.done_by.retain(|known| known != id);
            if status.get("isDone") == Some(&true.into()) {
                todo.done_by.push(id.to_owned());
            }
        }
        todo.done = todo.executors.iter().all(|executor| todo.done_by.contains(executor));
        Ok(())
    })?;
    Ok(json!({ "result": true }))
}

pub(super) fn delete(state: &mut State, call: &Call) -> Outcome {
    let own = state.todos.get(call.part(5)).filter(|todo| todo.app == call.app).cloned();
    let todo = own.ok_or_else(|| wrong("Delete", "task not exist"))?;
    state.todos.remove(&todo.id);
    state.tell_of_todo(&todo, "todo_task_delete");
    Ok(json!({ "result": true }))
}

pub(super) fn get(state: &mut State, call: &Call) -> Outcome {
    let todo = state.todos.get(call.part(5)).ok_or_else(|| wrong("Update", "task not exist"))?;
    Ok(shown(todo))
}

pub(super) fn by_source(state: &mut State, call: &Call) -> Outcome {
    let is_one = |todo: &&Todo| todo.app == call.app && todo.source_id == call.part(6);
    let todo = state.todos.values().find(is_one).ok_or_else(|| wrong("Update", "task not exist"))?;
    Ok(shown(todo))
}

pub(super) fn query(state: &mut State, call: &Call) -> Outcome {
    let person = call.part(3);
    let done = call.body.get("isDone").and_then(Value::as_bool);
    let mut found: Vec<&Todo> = state
        .todos
        .values()
        .filter(|todo| todo.executors.iter().any(|executor| executor == person))
        .filter(|todo| done.is_none_or(|done| todo.done == done))
        .collect();
    found.sort_by_key(|todo| todo.created_ms);
    let from = call.number("nextToken").and_then(|from| usize::try_from(from).ok()).unwrap_or(0);
    let cards: Vec<Value> = found
        .iter()
        .skip(from)
        .take(PAGE)
        .map(|todo| {
            let mut card = shown(todo);
            card["taskId"] = todo.id.clone().into();
            card["isDone"] = todo.done.into();
            card
        })
        .collect();
    let mut answer = json!({ "todoCards": cards });
    if from.saturating_add(PAGE) < found.len() {
        answer["nextToken"] = (from + PAGE).to_string().into();
    }
    Ok(answer)
}

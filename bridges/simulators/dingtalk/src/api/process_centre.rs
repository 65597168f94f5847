//! Approvals whose flow runs in an app, as the API shows them in the approval centre.

use serde_json::{Value, json};

use super::Outcome;
use super::reading::Call;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::approvals::Instance;
use crate::state::forms::Process;
use crate::state::process_centre::Centre;

const TASKS_MAX: usize = 20;
const TEMPLATES_MAX: usize = 200;

fn wrong() -> Refusal {
    Refusal::bad("invalidParameter")
}

fn done() -> Outcome {
    Ok(json!({ "result": true, "success": true }))
}

fn texts<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(call: &'a Call, name: &str) -> &'a [Value] {
    call.body.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn save_template(state: &mut State, call: &Call) -> Outcome {
    let name = call.needed("name", "invalidParameter")?.to_owned();
    let mut fields = Vec::new();
    for component in list(call, "formComponents") {
        let label = component.get("props").map(|props| texts(props, "label")).unwrap_or_default();
        if label.is_empty() || label.chars().count() > 20 || texts(component, "componentType").is_empty() {
            return Err(Refusal::bad("illegalComponent"));
        }
        fields.push(label.to_owned());
    }
    let own = state.processes.values().filter(|process| process.centre.is_some()).count();
    if fields.is_empty() || own >= TEMPLATES_MAX || state.processes.len() >= RECORDS_MAX {
        return Err(wrong());
    }
    let code = format!("PROC-{}", state.stage.chance.id("", 32).to_uppercase());
    let centre = Some((call.app.clone(), fields));
    state.processes.insert(code.clone(), Process { name, centre, ..Process::default() });
    Ok(json!({ "result": { "processCode": code }, "success": true }))
}

pub(super) fn code_by_name(state: &mut State, call: &Call) -> Outcome {
    let name = call.query("name");
    let found = state.processes.iter().find(|(_, process)| process.name == name);
    let (code, _) = found.ok_or_else(|| Refusal::bad("processCodeError"))?;
    Ok(json!({ "result": { "processCode": code }, "success": true }))
}

pub(super) fn create(state: &mut State, call: &Call) -> Outcome {
    let process = call.needed("processCode", "invalidParameter")?;
    let originator = call.needed("originatorUserId", "invalidParameter")?;
    let (title, url) = (call.needed("title", "invalidParameter")?, call.needed("url", "invalidParameter")?);
    let known = state.processes.get(process).and_then(|process| process.centre.as_ref());
    let (app, fields) = known.ok_or_else(|| Refusal::bad("processCodeError"))?;
    if *app != call.app {
        return Err(Refusal::bad("processCodeError"));
    }
    if !state.people.get(originator).is_some_and(|person| person.is_listed()) {
        return Err(Refusal::bad("userNotExist"));
    }
    let values = list(call, "formComponentValueList");
    for value in values {
        let is_known = fields.iter().any(|field| field == texts(value, "name"));
        if !is_known || !value.get("value").is_some_and(Value::is_string) {
            return Err(Refusal::new(400, "formConverterError", &format!("the field is wrong: {value}")));
        }
    }
    let values: Value = values.to_vec().into();
    let centre = Centre { app: call.app.clone(), url: url.to_owned() };
    let id = state.show_approval(process, originator, title, values, centre)?;
    Ok(json!({ "result": { "processInstanceId": id }, "success": true }))
}

/// An instance that this app shows.
fn own<'a>(state: &'a State, call: &Call) -> Result<&'a Instance, Refusal> {
    let instance = state.instances.get(call.text("processInstanceId"));
    let own = |instance: &&Instance| instance.centre.as_ref().is_some_and(|centre| centre.app == call.app);
    instance.filter(own).ok_or_else(|| Refusal::bad("processInstNotExist"))
}

pub(super) fn end(state: &mut State, call: &Call) -> Outcome {
    let instance = own(state, call)?;
    if instance.status != "RUNNING" {
        return Err(Refusal::bad("aflowProcessInstStatusException"));
    }
    let id = instance.id.clone();
    let (status, result) = match (call.text("status"), call.text("result")) {
        ("COMPLETED", "agree") => ("COMPLETED", Some("agree")),
        ("COMPLETED", "refuse") => ("COMPLETED", Some("refuse")),
        ("TERMINATED", _) => ("TERMINATED", None),
        _ => return Err(wrong()),
    };
    state.end_approval(&id, status, result);
    done()
}

pub(super) fn add_tasks(state: &mut State, call: &Call) -> Outcome {
    let instance = own(state, call)?;
    if instance.status != "RUNNING" {
        return Err(Refusal::bad("aflowProcessInstStatusException"));
    }
    let (id, activity) = (instance.id.clone(), call.needed("activityId", "invalidParameter")?);
    let tasks = list(call, "tasks");
    if tasks.is_empty() || tasks.len() > TASKS_MAX {
        return Err(wrong());
    }
    for task in tasks {
        if texts(task, "url").is_empty() {
            return Err(wrong());
        }
        if !state.people.get(texts(task, "userId")).is_some_and(|person| person.is_listed()) {
            return Err(Refusal::bad("userNotExist"));
        }
    }
    let mut made = Vec::new();
    for task in tasks {
        let user = texts(task, "userId");
        let number = state.show_task(&id, activity, user, texts(task, "url"));
        made.push(json!({ "taskId": number, "userId": user }));
    }
    Ok(json!({ "result": made, "success": true }))
}

pub(super) fn change_tasks(state: &mut State, call: &Call) -> Outcome {
    let instance = own(state, call)?;
    let id = instance.id.clone();
    let mut changes = Vec::new();
    for change in list(call, "tasks") {
        let number = change.get("taskId").and_then(Value::as_u64).ok_or_else(wrong)?;
        let (status, result) = match (texts(change, "status"), texts(change, "result")) {
            ("COMPLETED", "AGREE") => ("COMPLETED", Some("agree")),
            ("COMPLETED", "REFUSE") => ("COMPLETED", Some("refuse")),
            ("CANCELED", _) => ("CANCELED", None),
            _ => return Err(wrong()),
        };
        if !instance.tasks.iter().any(|task| task.id == number) {
            return Err(wrong());
        }
        changes.push((number, status, result));
    }
    if changes.len() > TASKS_MAX {
        return Err(wrong());
    }
    for (number, status, result) in changes {
        state.close_task(&id, number, status, result);
    }
    done()
}

pub(super) fn cancel_tasks(state: &mut State, call: &Call) -> Outcome {
    let (instance, activity) = (own(state, call)?, call.text("activityId"));
    let is_of = |task: &&crate::state::approvals::Task| {
        task.status == "RUNNING" && (activity.is_empty() || task.activity == activity)
    };
    let open: Vec<u64> = instance.tasks.iter().filter(is_of).map(|task| task.id).collect();
    let id = instance.id.clone();
    for number in open {
        state.close_task(&id, number, "CANCELED", None);
    }
    done()
}

pub(super) fn waiting(state: &mut State, call: &Call) -> Outcome {
    let user = call.query("userId");
    let shown = state
        .instances
        .values()
        .filter(|instance| instance.centre.as_ref().is_some_and(|centre| centre.app == call.app));
    let waits = shown.flat_map(|instance| instance.tasks.iter().map(move |task| (instance, task)));
    let waits = waits.filter(|(_, task)| task.user == user && task.status == "RUNNING");
    let list: Vec<Value> = waits
        .map(|(instance, task)| {
            json!({ "processInstanceId": instance.id, "taskId": task.id, "title": instance.title, "url": task.url })
        })
        .collect();
    Ok(json!({ "result": { "list": list, "hasMore": false }, "success": true }))
}

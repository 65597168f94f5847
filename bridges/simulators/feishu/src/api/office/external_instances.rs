//! How approvals stand whose flow runs elsewhere, as apps say it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::external::{Texts, wrong};
use super::{Call, list, text, time};
use crate::api::{Answer, Outcome};
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::office::external::{Instance, Task};

const TASKS_MAX: usize = 300;
/// People who are told of one.
const COPIES_MAX: usize = 200;
const VALUE_CHARACTERS_MAX: usize = 2_048;
const STATUSES: [&str; 7] =
    ["PENDING", "APPROVED", "REJECTED", "CANCELED", "DELETED", "HIDDEN", "TERMINATED"];
const TASK_STATUSES: [&str; 5] = ["PENDING", "APPROVED", "REJECTED", "TRANSFERRED", "DONE"];
const DISPLAY_METHODS: [&str; 5] = ["", "BROWSER", "SIDEBAR", "NORMAL", "TRUSTEESHIP"];

/// `POST approval/v4/external_instances`.
pub(crate) fn synchronise(state: &mut State, call: &Call) -> Outcome {
    let body = &call.body;
    let code = call.text("approval_code").to_owned();
    if !state.office.definitions.contains_key(&(call.app.clone(), code.clone())) {
        return Err(Refusal::code(1_390_002));
    }
    let texts = Texts::read(body)?;
    let mut instance = read(state, call, &texts)?;
    instance.approval_code = code;
    for task in list(body, "task_list") {
        instance.tasks.push(read_task(state, call, &texts, task)?);
    }
    is_unique(state, &instance)?;
    let place = (call.app.clone(), instance.instance_id.clone());
    let known = state.office.instances.get(&place);
    let updates = call.text("update_mode") == "UPDATE";
    // An update that is not newer than what is known changes nothing, and nobody is told so.
    if !updates || known.is_none_or(|known| instance.update_ms > known.update_ms) {
        instance.number = known.map_or(instance.number, |known| known.number);
        if updates && let Some(known) = known {
            let kept = known
                .tasks
                .iter()
                .filter(|task| !instance.tasks.iter().any(|new| new.task_id == task.task_id));
            let kept: Vec<Task> = kept.cloned().collect();
            instance.tasks.extend(kept);
        }
        state.office.instances.insert(place, instance);
    }
    Ok(Answer::Data(json!({ "data": body })))
}

fn read(state: &mut State, call: &Call, texts: &Texts) -> Result<Instance, Refusal> {
    let body = &call.body;
    let status = call.text("status");
    if !STATUSES.contains(&status) || !is_linked(body) || call.text("instance_id").is_empty() {
        return Err(wrong("status, links or instance_id"));
    }
    if time(body, "start_time").is_none() || time(body, "end_time").is_none() {
        return Err(wrong("start_time or end_time"));
    }
    let (mode, method) = (call.text("update_mode"), call.text("display_method"));
    if !["", "REPLACE", "UPDATE"].contains(&mode) || !DISPLAY_METHODS.contains(&method) {
        return Err(wrong("update_mode or display_method"));
    }
    let copies = list(body, "cc_list");
    if list(body, "task_list").len() > TASKS_MAX
        || copies.len() > COPIES_MAX
        || state.office.instances.len() >= RECORDS_MAX
    {
        return Err(wrong("too many"));
    }
    let mut lines = Vec::new();
    for line in list(body, "form") {
        let pair = (texts.of(line, "name")?, texts.of(line, "value")?);
        if pair.1.chars().count() > VALUE_CHARACTERS_MAX {
            return Err(wrong("form"));
        }
        lines.push(pair);
    }
    for copy in copies {
        who(state, call, copy)?.ok_or(Refusal::code(1_390_004))?;
    }
    let starter = who(state, call, body)?;
    let starter_name = match text(body, "user_name") {
        "" => String::new(),
        _ => texts.of(body, "user_name")?,
    };
    Ok(Instance {
        app: call.app.clone(),
        approval_code: String::new(),
        instance_id: call.text("instance_id").to_owned(),
        number: state.stage.number(),
        status: status.to_owned(),
        title: texts.of(body, "title")?,
        starter,
        starter_name,
        lines,
        update_ms: time(body, "update_time").ok_or(wrong("update_time"))?,
        tasks: Vec::new(),
        copies: copies.iter().map(|copy| text(copy, "cc_id").to_owned()).collect(),
    })
}

fn read_task(state: &State, call: &Call, texts: &Texts, task: &Value) -> Result<Task, Refusal> {
    let status = text(task, "status");
    let timed = time(task, "create_time").is_some() && time(task, "end_time").is_some();
    if !TASK_STATUSES.contains(&status) || !is_linked(task) || !timed || text(task, "task_id").is_empty() {
        return Err(wrong("task_list"));
    }
    if !text(task, "node_name").is_empty() {
        texts.of(task, "node_name")?;
    }
    let mut actions = Vec::new();
    for action in list(task, "action_configs") {
        let kind = text(action, "action_type");
        // What it is called has to be said of an action of the app's own.
        if !["APPROVE", "REJECT"].contains(&kind) {
            texts.of(action, "action_name")?;
        }
        let needs_reason = action.get("is_reason_required").and_then(Value::as_bool).unwrap_or(false);
        actions.push((kind.to_owned(), needs_reason));
    }
    Ok(Task {
        task_id: text(task, "task_id").to_owned(),
        person: who(state, call, task)?.ok_or(Refusal::code(1_390_004))?,
        status: status.to_owned(),
        action_context: text(task, "action_context").to_owned(),
        actions,
        update_ms: time(task, "update_time").unwrap_or(0),
    })
}

fn is_linked(value: &Value) -> bool {
    let links = value.get("links").unwrap_or(&Value::Null);
    ["pc_link", "mobile_link"].iter().all(|name| text(links, name).starts_with("http"))
}

/// Who is meant, by `user_id` or `open_id`.
fn who(state: &State, call: &Call, value: &Value) -> Result<Option<String>, Refusal> {
    let named = ["user_id", "open_id"].into_iter().find(|kind| !text(value, kind).is_empty());
    let Some(kind) = named else { return Ok(None) };
    let found = state.person(&call.app, kind, text(value, kind)).map_err(|_| Refusal::code(1_390_004))?;
    Ok(Some(found.user_id.clone()))
}

/// Approvals, tasks and copies share one space of ids.
fn is_unique(state: &State, instance: &Instance) -> Result<(), Refusal> {
    let ids = |one: &Instance| -> Vec<String> {
        let tasks = one.tasks.iter().map(|task| task.task_id.clone());
        [one.instance_id.clone()].into_iter().chain(tasks).chain(one.copies.iter().cloned()).collect()
    };
    let others = state.office.instances.values();
    let others = others.filter(|one| one.app == instance.app && one.instance_id != instance.instance_id);
    let mut known: BTreeSet<String> = others.flat_map(ids).collect();
    let mut all = ids(instance).into_iter();
    if all.all(|id| known.insert(id)) { Ok(()) } else { Err(wrong("an id stands twice")) }
}

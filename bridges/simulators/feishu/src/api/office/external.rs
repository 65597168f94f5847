//! Approvals whose flow runs elsewhere: their kinds, and how they stand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Call, list, text, time};
use crate::api::{Answer, Outcome};
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::office::external::{Definition, Instance, Task};

const PARAMETER: i64 = 1_390_001;
const CODE_BYTES_MAX: usize = 128;
const TASKS_MAX: usize = 300;
const VALUE_CHARACTERS_MAX: usize = 2_048;
const STATUSES: [&str; 7] =
    ["PENDING", "APPROVED", "REJECTED", "CANCELED", "DELETED", "HIDDEN", "TERMINATED"];
const TASK_STATUSES: [&str; 5] = ["PENDING", "APPROVED", "REJECTED", "TRANSFERRED", "DONE"];

fn wrong(what: &str) -> Refusal {
    Refusal::ext(PARAMETER, what)
}

/// The words behind `@i18n@` keys, in the language that stands first.
struct Texts(BTreeMap<String, String>);

impl Texts {
    fn read(body: &Value) -> Result<Self, Refusal> {
        let resources = list(body, "i18n_resources");
        let first = resources.first().ok_or(wrong("i18n_resources"))?;
        for resource in resources {
            if !["zh-CN", "en-US", "ja-JP"].contains(&text(resource, "locale")) {
                return Err(wrong("locale"));
            }
        }
        let texts = list(first, "texts").iter();
        Ok(Self(texts.map(|pair| (text(pair, "key").to_owned(), text(pair, "value").to_owned())).collect()))
    }

    /// The words of a key. What stands there in plain words is refused.
    fn of(&self, value: &Value, name: &str) -> Result<String, Refusal> {
        let key = text(value, name);
        let known = key.starts_with("@i18n@").then(|| self.0.get(key)).flatten();
        known.cloned().ok_or_else(|| wrong(&format!("{name} is no key of i18n_resources")))
    }
}

/// `POST approval/v4/external_approvals`: makes a kind, or changes it.
pub(crate) fn define(state: &mut State, call: &Call) -> Outcome {
    let code = call.text("approval_code").to_owned();
    if code.is_empty() || code.len() > CODE_BYTES_MAX || state.office.definitions.len() >= RECORDS_MAX {
        return Err(wrong("approval_code"));
    }
    let name = Texts::read(&call.body)?.of(&call.body, "approval_name")?;
    let external = call.body.get("external").ok_or(wrong("external"))?;
    let definition = Definition {
        name,
        callback_url: text(external, "action_callback_url").to_owned(),
        callback_token: text(external, "action_callback_token").to_owned(),
        callback_key: text(external, "action_callback_key").to_owned(),
        body: call.body.clone(),
    };
    state.office.definitions.insert((call.app.clone(), code.clone()), definition);
    Ok(Answer::Data(json!({ "approval_code": code })))
}

/// `GET approval/v4/external_approvals/*`.
pub(crate) fn definition(state: &mut State, call: &Call) -> Outcome {
    let place = (call.app.clone(), call.part(3).to_owned());
    let known = state.office.definitions.get(&place).ok_or(Refusal::code(1_390_002))?;
    let mut shown = known.body.clone();
    shown["approval_name"] = known.name.clone().into();
    Ok(Answer::Data(shown))
}

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
    // What is not newer than what is known changes nothing, and nobody is told so.
    if known.is_none_or(|known| instance.update_ms > known.update_ms) {
        instance.number = known.map_or(instance.number, |known| known.number);
        if call.text("update_mode") == "UPDATE"
            && let Some(known) = known
        {
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
    if list(body, "task_list").len() > TASKS_MAX || state.office.instances.len() >= RECORDS_MAX {
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
    let actions = list(task, "action_configs").iter().map(|action| {
        let needs_reason = action.get("is_reason_required").and_then(Value::as_bool).unwrap_or(false);
        (text(action, "action_type").to_owned(), needs_reason)
    });
    Ok(Task {
        task_id: text(task, "task_id").to_owned(),
        person: who(state, call, task)?.ok_or(Refusal::code(1_390_004))?,
        status: status.to_owned(),
        action_context: text(task, "action_context").to_owned(),
        actions: actions.collect(),
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

/// Approvals and tasks share one space of ids.
fn is_unique(state: &State, instance: &Instance) -> Result<(), Refusal> {
    let ids = |one: &Instance| -> Vec<String> {
        let tasks = one.tasks.iter().map(|task| task.task_id.clone());
        [one.instance_id.clone()].into_iter().chain(tasks).collect()
    };
    let others = state.office.instances.values();
    let others = others.filter(|one| one.app == instance.app && one.instance_id != instance.instance_id);
    let mut known: BTreeSet<String> = others.flat_map(ids).collect();
    let mut all = ids(instance).into_iter();
    if all.all(|id| known.insert(id)) { Ok(()) } else { Err(wrong("an id stands twice")) }
}

/// `POST approval/v4/external_instances/check`: which of them stand otherwise here.
pub(crate) fn check(state: &mut State, call: &Call) -> Outcome {
    let mut differing = Vec::new();
    for asked in list(&call.body, "instances") {
        let place = (call.app.clone(), text(asked, "instance_id").to_owned());
        let known = state.office.instances.get(&place);
        if known.is_none_or(|known| Some(known.update_ms) != time(asked, "update_time")) {
            let update_ms = known.map_or(0, |known| known.update_ms);
            differing.push(json!({ "instance_id": place.1, "update_time": update_ms.to_string() }));
        }
    }
    Ok(Answer::Data(json!({ "diff_instances": differing })))
}

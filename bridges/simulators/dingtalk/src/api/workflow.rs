//! Approvals by the API.

use serde_json::{Value, json};

use super::Outcome;
use super::reading::Call;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::approvals::Instance;
use crate::state::copies::Copies;
use crate::state::forms::Process;
use crate::state::minutes::minute;

const APPROVERS_MAX: usize = 20;
const VALUES_MAX: usize = 150;
const COPIES_MAX: usize = 50;
const COMMENT_CHARACTERS_MAX: usize = 1_024;
const PAGE_MAX: u64 = 20;
/// The longest window of a query, and how far back it may begin, in milliseconds.
const WINDOW_MS_MAX: u64 = 120 * 86_400_000;
const PAST_MS_MAX: u64 = 365 * 86_400_000;

fn done() -> Outcome {
    Ok(json!({ "result": true, "success": true }))
}

/// Whom the initiator chose where somebody has to be chosen; who names all approvers chooses nobody.
fn chosen(process: &Process, call: &Call) -> Result<Option<String>, Refusal> {
    let list = |name: &str| call.body.get(name).and_then(Value::as_array).into_iter().flatten();
    let Some((key, people)) = process.selection().filter(|_| list("approvers").next().is_none()) else {
        return Ok(None);
    };
    let step = list("targetSelectActioners").find(|step| step.get("actionerKey") == Some(&key.into()));
    let user = step.and_then(|step| step.get("actionerUserIds")?.as_array()?.first()?.as_str());
    let user = user.ok_or_else(|| Refusal::bad("targetSelectApproverMissing"))?;
    let known = people.iter().find(|known| *known == user).cloned();
    known.map(Some).ok_or_else(|| Refusal::bad("targetSelectApproverScopeError"))
}

/// Who gets copies, and when.
fn copies(state: &State, call: &Call) -> Result<Copies, Refusal> {
    let people = call.texts("ccList");
    if people.len() > COPIES_MAX {
        return Err(Refusal::bad("invalidParameter"));
    }
    let inside = |person: &String| state.people.get(person).is_some_and(|person| person.is_listed());
    if !people.iter().all(inside) {
        return Err(Refusal::bad("userNotExist"));
    }
    Copies::read(people, call.text("ccPosition")).ok_or_else(|| Refusal::bad("invalidParameter"))
}

pub(super) fn create(state: &mut State, call: &Call) -> Outcome {
    let process = call.needed("processCode", "invalidParameter")?;
    let originator = call.needed("originatorUserId", "invalidParameter")?;
    let known = state.processes.get(process).filter(|process| process.centre.is_none());
    let known = known.ok_or_else(|| Refusal::bad("processCodeError"))?;
    let (defaults, chosen) = (known.approvers.clone(), chosen(known, call)?);
    if !state.people.get(originator).is_some_and(|person| person.is_listed()) {
        return Err(Refusal::bad("userNotExist"));
    }
    let values = call.body.get("formComponentValues").and_then(Value::as_array);
    let values =
        values.filter(|values| values.len() <= VALUES_MAX).ok_or_else(|| Refusal::bad("invalidParameter"))?;
    for value in values {
        // Labels are texts, and so are values, whatever they stand for.
        let text = |name: &str| value.get(name).is_some_and(Value::is_string);
        if !text("name") || !text("value") {
            return Err(Refusal::new(400, "formConverterError", &format!("the field is wrong: {value}")));
        }
    }
    let mut steps = Vec::new();
    for approver in call.body.get("approvers").and_then(Value::as_array).into_iter().flatten() {
        let people = approver.get("userIds").and_then(Value::as_array).into_iter().flatten();
        let people: Vec<String> = people.filter_map(Value::as_str).map(str::to_owned).collect();
        let one_is_enough = approver.get("actionType") == Some(&"OR".into());
        steps.push((people, one_is_enough));
    }
    if steps.is_empty() {
        if call.number("deptId").is_none() && call.body.get("deptId") != Some(&json!(-1)) {
            return Err(Refusal::bad("invalidParameter"));
        }
        steps = defaults.into_iter().map(|person| (vec![person], false)).collect();
        steps.extend(chosen.map(|person| (vec![person], false)));
    }
    let unknown = |person: &String| !state.people.contains_key(person);
    if steps.len() > APPROVERS_MAX
        || steps.iter().any(|(people, _)| people.is_empty() || people.iter().any(unknown))
    {
        return Err(Refusal::bad("userNotExist"));
    }
    let title = format!("{}提交的{}", state.name_of(originator), known.name);
    let copies = copies(state, call)?;
    let id = state.begin_approval(process, originator, title, values.clone().into(), steps, copies)?;
    Ok(json!({ "instanceId": id }))
}

pub(super) fn get(state: &mut State, call: &Call) -> Outcome {
    let instance = state.instances.get(call.query("processInstanceId"));
    let instance = instance.ok_or_else(|| Refusal::bad("processInstanceNotExist"))?;
    Ok(json!({ "success": "true", "result": shown(instance) }))
}

fn shown(instance: &Instance) -> Value {
    let tasks: Vec<Value> = instance
        .tasks
        .iter()
        .map(|task| {
            let result = task.result.map(|result| match result {
                "agree" => "AGREE",
                "refuse" => "REFUSE",
                _ => "REDIRECTED",
            });
            json!({
                "taskId": task.id, "userId": task.user, "status": task.status, "result": result,
                "createTime": minute(instance.created_ms), "activityId": task.activity, "pcUrl": task.url,
            })
        })
        .collect();
    json!({
        "title": instance.title, "status": instance.status, "result": instance.result,
        "businessId": instance.business_id, "originatorUserId": instance.originator,
        "originatorDeptId": "-1", "originatorDeptName": "", "ccUserIds": instance.copies.people,
        "approverUserIds": instance.tasks.iter().map(|task| &task.user).collect::<Vec<_>>(),
        "createTime": minute(instance.created_ms), "finishTime": instance.finished_ms.map(minute),
        "bizAction": "NONE", "attachedProcessInstanceIds": [],
        "formComponentValues": instance.values, "operationRecords": instance.records, "tasks": tasks,
    })
}

pub(super) fn ids(state: &mut State, call: &Call) -> Outcome {
    let process = call.needed("processCode", "invalidParameter")?;
    let start = call.number("startTime").ok_or_else(|| Refusal::bad("invalidParameter"))?;
    let (now, from) = (state.stage.now_ms(), call.number("nextToken").unwrap_or(0));
    let end = call.number("endTime").unwrap_or(now);
    let size = call.number("maxResults").unwrap_or(0);
    let wrong = end.saturating_sub(start) > WINDOW_MS_MAX || now.saturating_sub(start) > PAST_MS_MAX;
    if wrong || size == 0 || size > PAGE_MAX {
        return Err(Refusal::bad("invalidParameter"));
    }
    let (people, statuses) = (call.texts("userIds"), call.texts("statuses"));
    let mut found: Vec<&Instance> = state
        .instances
        .values()
        .filter(|instance| instance.process == process && (start..=end).contains(&instance.created_ms))
        .filter(|instance| people.is_empty() || people.contains(&instance.originator))
        .filter(|instance| statuses.is_empty() || statuses.iter().any(|status| status == instance.status))
        .collect();
    found.sort_by(|one, other| one.business_id.cmp(&other.business_id));
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    let size = usize::try_from(size).unwrap_or(1);
    let page: Vec<&String> = found.iter().skip(from).take(size).map(|instance| &instance.id).collect();
    let mut result = json!({ "list": page });
    if from.saturating_add(size) < found.len() {
        result["nextToken"] = (from + size).to_string().into();
    }
    Ok(json!({ "result": result, "success": true }))
}

pub(super) fn execute(state: &mut State, call: &Call) -> Outcome {
    let id = call.needed("processInstanceId", "invalidParameter")?;
    let task = call.number("taskId").ok_or_else(|| Refusal::bad("invalidParameter"))?;
    let agrees = match call.text("result") {
        "agree" => true,
        "refuse" => false,
        _ => return Err(Refusal::bad("invalidParameter")),
    };
    let user = call.needed("actionerUserId", "invalidParameter")?;
    state.decide(id, task, user, agrees, call.text("remark"))?;
    done()
}

pub(super) fn redirect(state: &mut State, call: &Call) -> Outcome {
    let task = call.number("taskId").ok_or_else(|| Refusal::bad("invalidParameter"))?;
    let to = call.needed("toUserId", "invalidParameter")?;
    let from = call.needed("operateUserId", "invalidParameter")?;
    state.redirect(task, from, to, call.text("remark"))?;
    done()
}

pub(super) fn comment(state: &mut State, call: &Call) -> Outcome {
    let id = call.needed("processInstanceId", "invalidParameter")?;
    let words = call.needed("text", "invalidParameter")?;
    let user = call.needed("commentUserId", "invalidParameter")?;
    if words.chars().count() > COMMENT_CHARACTERS_MAX {
        return Err(Refusal::bad("invalidParameter"));
    }
    state.comment(id, user, words)?;
    done()
}

pub(super) fn terminate(state: &mut State, call: &Call) -> Outcome {
    let id = call.needed("processInstanceId", "invalidParameter")?;
    state.terminate(id, call.text("operatingUserId"), call.text("remark"))?;
    done()
}

pub(super) fn numbers(state: &mut State, call: &Call) -> Outcome {
    let user = call.query("userId");
    let tasks = state.instances.values().flat_map(|instance| &instance.tasks);
    let waiting = tasks.filter(|task| task.user == user && task.status == "RUNNING").count();
    Ok(json!({ "result": waiting }))
}

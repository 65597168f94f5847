//! What an app can read of the approvals that it put there: where they stand otherwise, and who is asked.

use serde_json::{Value, json};

use super::{Call, list, text, time};
use crate::api::paging::page;
use crate::api::{Answer, Outcome};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::office::external::Instance;

const PARAMETER: i64 = 1_390_001;
/// Approvals of one page where nothing is said, and at most.
const PAGE: usize = 100;
const PAGE_MAX: usize = 500;
/// Approvals that one request may compare.
const COMPARED_MAX: usize = 200;

/// `POST approval/v4/external_instances/check`: which of them, and which of their tasks, have another time of their last change here.
pub(crate) fn check(state: &mut State, call: &Call) -> Outcome {
    let asked = list(&call.body, "instances");
    if asked.is_empty() || asked.len() > COMPARED_MAX {
        return Err(Refusal::ext(PARAMETER, "instances"));
    }
    let differing: Vec<Value> = asked
        .iter()
        .filter_map(|asked| {
            let id = text(asked, "instance_id");
            let known = state.office.instances.get(&(call.app.clone(), id.to_owned()));
            difference(asked, known)
        })
        .collect();
    Ok(Answer::Data(json!({ "diff_instances": differing })))
}

fn difference(asked: &Value, known: Option<&Instance>) -> Option<Value> {
    let tasks: Vec<Value> = list(asked, "tasks")
        .iter()
        .filter_map(|task| {
            let id = text(task, "task_id");
            let own = known.and_then(|known| known.tasks.iter().find(|own| own.task_id == id));
            let update_ms = own.map(|own| own.update_ms);
            let shown = json!({ "task_id": id, "update_time": update_ms.unwrap_or(0).to_string() });
            (update_ms.is_none() || update_ms != time(task, "update_time")).then_some(shown)
        })
        .collect();
    let update_ms = known.map(|known| known.update_ms);
    let differs = update_ms.is_none() || update_ms != time(asked, "update_time");
    let id = text(asked, "instance_id");
    let shown =
        json!({ "instance_id": id, "update_time": update_ms.unwrap_or(0).to_string(), "tasks": tasks });
    (differs || !tasks.is_empty()).then_some(shown)
}

/// `GET approval/v4/external_tasks`: the tasks of all approvals of the app, of one `status` where that is asked for.
pub(crate) fn tasks(state: &mut State, call: &Call) -> Outcome {
    let status = call.query("status");
    let mut own: Vec<&Instance> =
        state.office.instances.values().filter(|instance| instance.app == call.app).collect();
    own.sort_by_key(|instance| instance.number);
    let shown: Vec<Value> = own.into_iter().filter_map(|instance| with_tasks(instance, status)).collect();
    let (items, token) = page(call, shown, PAGE, PAGE_MAX, PARAMETER)?;
    Ok(Answer::Data(json!({
        "data": items, "has_more": token.is_some(), "page_token": token.unwrap_or_default(),
    })))
}

fn with_tasks(instance: &Instance, status: &str) -> Option<Value> {
    let wanted = instance.tasks.iter().filter(|task| status.is_empty() || task.status == status);
    let tasks: Vec<Value> = wanted
        .map(|task| {
            json!({ "id": task.task_id, "status": task.status, "update_time": task.update_ms.to_string() })
        })
        .collect();
    let shown = json!({
        "instance_id": instance.instance_id, "approval_code": instance.approval_code, "status": instance.status,
        "update_time": instance.update_ms.to_string(), "tasks": tasks,
    });
    (!tasks.is_empty()).then_some(shown)
}

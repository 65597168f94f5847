//! Approvals of the platform that apps begin, take back and pass on for people.

use serde_json::{Value, json};

use super::native::known;
use super::{Call, list, person, text};
use crate::api::{Answer, Outcome};
use crate::refusal::Refusal;
use crate::state::State;

/// Characters of a `uuid`.
const UUID_CHARACTERS_MAX: usize = 64;

/// The person of a field with an id of the kind that the query says.
fn named(state: &State, call: &Call, field: &str) -> Result<String, Refusal> {
    person(state, call, call.needed(field)?).map_err(|_| Refusal::code(1_390_004))
}

/// Everybody whom nodes name, by `user_id` or by `open_id`.
fn approvers(state: &State, call: &Call) -> Result<Vec<String>, Refusal> {
    let lists = [("node_approver_user_id_list", "user_id"), ("node_approver_open_id_list", "open_id")];
    let mut approvers: Vec<String> = Vec::new();
    for (name, kind) in lists {
        for id in list(&call.body, name).iter().flat_map(|node| list(node, "value")) {
            let found = state.person(&call.app, kind, id.as_str().unwrap_or_default());
            let found = found.map_err(|_| Refusal::code(1_390_004))?.user_id.clone();
            if !approvers.contains(&found) {
                approvers.push(found);
            }
        }
    }
    Ok(approvers)
}

/// `POST approval/v4/instances`.
pub(crate) fn begin(state: &mut State, call: &Call) -> Outcome {
    known(call.needed("approval_code")?)?;
    // The first of the two counts.
    let (kind, id) = match (call.text("user_id"), call.text("open_id")) {
        ("", open_id) => ("open_id", open_id),
        (user_id, _) => ("user_id", user_id),
    };
    let starter = state.person(&call.app, kind, id).map_err(|_| Refusal::code(1_390_004))?.user_id.clone();
    let form: Vec<Value> =
        serde_json::from_str(call.needed("form")?).map_err(|_| Refusal::ext(1_390_001, "form"))?;
    let lines = form.iter().map(|widget| {
        let value = widget.get("value").cloned().unwrap_or_default();
        (text(widget, "id").to_owned(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    });
    let uuid = call.text("uuid");
    if uuid.chars().count() > UUID_CHARACTERS_MAX {
        return Err(Refusal::ext(1_390_001, "uuid"));
    }
    let approvers = approvers(state, call)?;
    let code = state.begin_native(&starter, approvers, lines.collect(), uuid)?;
    Ok(Answer::Data(json!({ "instance_code": code })))
}

/// `POST approval/v4/instances/cancel`.
pub(crate) fn cancel(state: &mut State, call: &Call) -> Outcome {
    known(call.needed("approval_code")?)?;
    let who = named(state, call, "user_id")?;
    state.cancel_native(&who, call.needed("instance_code")?)?;
    Ok(Answer::Data(Value::Null))
}

/// `POST approval/v4/tasks/transfer`.
pub(crate) fn transfer(state: &mut State, call: &Call) -> Outcome {
    known(call.needed("approval_code")?)?;
    let task = (call.needed("instance_code")?, call.needed("task_id")?);
    let (who, to) = (named(state, call, "user_id")?, named(state, call, "transfer_user_id")?);
    state.transfer_native(&who, task, &to, call.text("comment"))?;
    Ok(Answer::Data(Value::Null))
}

//! Approvals whose flow runs on the platform.

use serde_json::{Value, json};

use super::{Call, person};
use crate::api::paging::page;
use crate::api::{Answer, Outcome};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::office::native::NATIVE_CODE;

pub(super) fn known(code: &str) -> Result<(), Refusal> {
    if code == NATIVE_CODE { Ok(()) } else { Err(Refusal::code(1_390_002)) }
}

/// `GET approval/v4/approvals/*`.
pub(crate) fn definition(_state: &mut State, call: &Call) -> Outcome {
    known(call.part(3))?;
    Ok(Answer::Data(json!({
        "approval_name": "Approval", "status": "ACTIVE", "form": "[]", "node_list": [], "viewers": [],
        "form_widget_relation": "{}", "approval_admin_ids": [],
    })))
}

/// `POST approval/v4/approvals/*/subscribe`.
pub(crate) fn subscribe(state: &mut State, call: &Call) -> Outcome {
    known(call.part(3))?;
    if state.office.subscribed.insert((call.app.clone(), NATIVE_CODE.to_owned())) {
        Ok(Answer::Data(json!({})))
    } else {
        Err(Refusal::code(1_390_007))
    }
}

/// `POST approval/v4/approvals/*/unsubscribe`.
pub(crate) fn unsubscribe(state: &mut State, call: &Call) -> Outcome {
    known(call.part(3))?;
    state.office.subscribed.remove(&(call.app.clone(), NATIVE_CODE.to_owned()));
    Ok(Answer::Data(json!({})))
}

/// `GET approval/v4/instances/*`.
pub(crate) fn get(state: &mut State, call: &Call) -> Outcome {
    let native = state.office.natives.get(call.part(3)).ok_or(Refusal::code(1_390_003))?;
    Ok(Answer::Data(state.shown_native(&call.app, native)))
}

/// `GET approval/v4/instances`.
pub(crate) fn codes(state: &mut State, call: &Call) -> Outcome {
    known(call.query("approval_code"))?;
    let time = |name: &str| call.query(name).parse::<u64>().map_err(|_| Refusal::ext(1_390_001, name));
    let (from_ms, until_ms) = (time("start_time")?, time("end_time")?);
    let within = state.office.natives.values().filter(|one| (from_ms..=until_ms).contains(&one.start_ms));
    let codes: Vec<String> = within.map(|one| one.instance_code.clone()).collect();
    let (codes, token) = page(call, codes, 100, 100, 1_390_001)?;
    Ok(Answer::Data(json!({
        "instance_code_list": codes, "has_more": token.is_some(), "page_token": token.unwrap_or_default(),
    })))
}

/// `POST approval/v4/tasks/approve` and `POST approval/v4/tasks/reject`.
fn decide(state: &mut State, call: &Call, approve: bool) -> Outcome {
    known(call.needed("approval_code")?)?;
    if !state.office.natives.contains_key(call.needed("instance_code")?) {
        return Err(Refusal::code(1_390_003));
    }
    let who = person(state, call, call.needed("user_id")?).map_err(|_| Refusal::code(1_390_004))?;
    let decided = state.decide_native(&who, call.needed("task_id")?, approve, call.text("comment"));
    decided.unwrap_or(Err(Refusal::code(1_390_010)))?;
    Ok(Answer::Data(Value::Null))
}

pub(crate) fn approve(state: &mut State, call: &Call) -> Outcome {
    decide(state, call, true)
}

pub(crate) fn reject(state: &mut State, call: &Call) -> Outcome {
    decide(state, call, false)
}

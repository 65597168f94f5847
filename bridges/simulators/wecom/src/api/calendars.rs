//! Calendars, which belong to the app that made them.

use serde_json::{Value, json};

use super::send::own_agent;
use super::{Call, Outcome};
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::schedules::Calendar;

fn body(call: &Call) -> Result<Value, Refusal> {
    let body = call.body.get("calendar").filter(|body| body.is_object()).cloned();
    let body = body.ok_or_else(|| Refusal::new(40_063))?;
    if super::reading::text(&body, "summary").is_empty() {
        Err(Refusal::parameter("summary"))
    } else {
        Ok(body)
    }
}

fn own<'a>(state: &'a mut State, call: &Call, id: &str) -> Result<&'a mut Calendar, Refusal> {
    let calendar = state.calendars.get_mut(id).filter(|calendar| calendar.agent == call.agent);
    calendar.ok_or_else(|| Refusal::parameter("cal_id"))
}

pub(super) fn add(state: &mut State, call: &Call) -> Outcome {
    let (agent, mut body) = (own_agent(call)?, body(call)?);
    super::schedules::made(state, agent)?;
    if state.calendars.len() >= RECORDS_MAX {
        return Err(Refusal::new(45_009));
    }
    let id = state.stage.chance.id("wc", 30);
    body["cal_id"] = id.clone().into();
    state.calendars.insert(id.clone(), Calendar { agent, body });
    Ok(json!({ "cal_id": id }).into())
}

/// What is not said is gone afterwards.
pub(super) fn update(state: &mut State, call: &Call) -> Outcome {
    let body = body(call)?;
    let id = super::reading::text(&body, "cal_id").to_owned();
    own(state, call, &id)?.body = body;
    Ok(json!({}).into())
}

pub(super) fn get(state: &mut State, call: &Call) -> Outcome {
    let own = |id: &String| state.calendars.get(id).filter(|calendar| calendar.agent == call.agent);
    let ids = call.texts("cal_id_list");
    let found: Vec<&Value> = ids.iter().filter_map(own).map(|calendar| &calendar.body).collect();
    Ok(json!({ "calendar_list": found }).into())
}

pub(super) fn delete(state: &mut State, call: &Call) -> Outcome {
    let id = call.text("cal_id").to_owned();
    own(state, call, &id)?;
    state.calendars.remove(&id);
    Ok(json!({}).into())
}

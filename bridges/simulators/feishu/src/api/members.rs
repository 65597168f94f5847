//! Members of chats: people only, bots are never listed.

use serde_json::{Value, json};

use super::envelope::page as shown_page;
use super::paging::cut;
use super::{Answer, Call, Outcome};
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::state::State;

/// People and bots that one call may add.
const PEOPLE_MAX: usize = 50;
const BOTS_MAX: usize = 5;

fn is_inside(state: &mut State, call: &Call) -> Result<(), Refusal> {
    let chat = state.live_chat(call.part(3), 232_006)?;
    if chat.bots.contains(&call.app) { Ok(()) } else { Err(Refusal::code(232_011)) }
}

/// `GET im/v1/chats/*/members`.
pub(crate) fn list(state: &mut State, call: &Call) -> Outcome {
    is_inside(state, call)?;
    let size = match call.query("page_size") {
        "" => 20,
        text => text.parse().ok().filter(|size| (1..=100).contains(size)).ok_or(Refusal::code(232_001))?,
    };
    let shorter = usize::from(state.stage.faults.strikes(Fault::MembersPageShort));
    let longer = usize::from(state.stage.faults.strikes(Fault::MembersPageLong)) * 3;
    let kind = call.query_or("member_id_type", "open_id");
    let chat = state.chats.get(call.part(3)).ok_or(Refusal::code(232_006))?;
    let items: Vec<Value> = chat
        .people
        .iter()
        .map(|person| {
            json!({
                "member_id_type": kind, "member_id": state.id_of(&call.app, person, kind),
                "name": state.name_of(person), "tenant_key": state.tenant_of(person),
            })
        })
        .collect();
    let total = items.len();
    let (items, token) = cut(call, items, (size + longer).saturating_sub(shorter).max(1), 232_001)?;
    let mut shown = shown_page(items, token);
    shown["member_total"] = total.into();
    Ok(Answer::Data(shown))
}

/// `GET im/v1/chats/*/members/is_in_chat`.
pub(crate) fn is_in_chat(state: &mut State, call: &Call) -> Outcome {
    let chat = state.live_chat(call.part(3), 232_006)?;
    Ok(Answer::Data(json!({ "is_in_chat": chat.bots.contains(&call.app) })))
}

/// The people or bots that a call names, and the ids that nobody has.
fn named(state: &State, call: &Call, kind: &str) -> Result<(Vec<String>, Vec<String>), Refusal> {
    let ids = call.body.get("id_list").and_then(Value::as_array).ok_or(Refusal::code(232_001))?;
    let most = if kind == "app_id" { BOTS_MAX } else { PEOPLE_MAX };
    if ids.len() > most {
        return Err(Refusal::code(232_001));
    }
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for id in ids.iter().filter_map(Value::as_str) {
        let found = match kind {
            "app_id" => state.apps.get(id).map(|app| app.app_id.clone()),
            _ => state.person(&call.app, kind, id).ok().map(|person| person.user_id.clone()),
        };
        match found {
            Some(found) => known.push(found),
            None => unknown.push(id.to_owned()),
        }
    }
    Ok((known, unknown))
}

/// `POST im/v1/chats/*/members`.
pub(crate) fn add(state: &mut State, call: &Call) -> Outcome {
    is_inside(state, call)?;
    let kind = call.query_or("member_id_type", "open_id");
    let (known, unknown) = named(state, call, kind)?;
    if !unknown.is_empty() && call.query_or("succeed_type", "0") != "1" {
        return Err(Refusal::code(232_043));
    }
    for who in known {
        match kind {
            "app_id" => state.add_bot(call.part(3), &who, &call.app)?,
            _ => state.join(call.part(3), &who, &call.app)?,
        }
    }
    Ok(Answer::Data(json!({
        "invalid_id_list": [], "not_existed_id_list": unknown, "pending_approval_id_list": [],
    })))
}

/// `DELETE im/v1/chats/*/members`: an owner removes others, everybody themselves.
pub(crate) fn remove(state: &mut State, call: &Call) -> Outcome {
    is_inside(state, call)?;
    let kind = call.query_or("member_id_type", "open_id");
    let (known, unknown) = named(state, call, kind)?;
    let owns = state.live_chat(call.part(3), 232_006)?.owner.as_deref() == Some(&call.app);
    if !owns && known.iter().any(|who| *who != call.app) {
        return Err(Refusal::code(232_002));
    }
    for who in known {
        match kind {
            "app_id" => state.remove_bot(call.part(3), &who, &call.app)?,
            _ => state.leave(call.part(3), &who, &call.app)?,
        }
    }
    Ok(Answer::Data(json!({ "invalid_id_list": unknown })))
}

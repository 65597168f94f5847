//! Customers as apps see them.

use serde_json::{Value, json};

use super::{Call, Outcome};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::people::folded;

pub(super) fn followers(state: &mut State, _: &Call) -> Outcome {
    let following = |id: &&String| state.contacts.values().any(|contact| contact.follows.contains_key(*id));
    let users: Vec<String> = state.people.keys().filter(following).map(|id| state.spelled(id)).collect();
    Ok(json!({ "follow_user": users }).into())
}

pub(super) fn of_member(state: &mut State, call: &Call) -> Outcome {
    let id = folded(call.query("userid"));
    if !state.people.contains_key(&id) {
        return Err(Refusal::new(40_003).with_empty("external_userid"));
    }
    let own = state.contacts.iter().filter(|(_, contact)| contact.follows.contains_key(&id));
    let ids: Vec<&String> = own.map(|(external, _)| external).collect();
    if ids.is_empty() {
        return Err(Refusal::new(84_061).with_empty("external_userid"));
    }
    Ok(json!({ "external_userid": ids }).into())
}

pub(super) fn get(state: &mut State, call: &Call) -> Outcome {
    let id = call.query("external_userid");
    let contact = state.contacts.get(id).ok_or_else(|| Refusal::new(40_096))?;
    let follow = |(person, since): (&String, &u64)| {
        json!({
            "userid": state.spelled(person), "remark": contact.name, "createtime": since, "tags": [], "add_way": 1,
            "state": "",
        })
    };
    let follows: Vec<Value> = contact.follows.iter().map(follow).collect();
    let mut shown = json!({
        "external_userid": id, "name": contact.name, "type": contact.kind, "avatar": "", "gender": 0,
    });
    if contact.kind == 2 {
        shown["corp_name"] = contact.corp_name.clone().into();
    }
    Ok(json!({ "external_contact": shown, "follow_user": follows, "next_cursor": "" }).into())
}

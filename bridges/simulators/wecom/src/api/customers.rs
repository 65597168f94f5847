//! Customers as apps see them.

use serde_json::{Value, json};

use super::reading::{text, texts};
use super::{Call, Outcome};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::contacts::Contact;
use crate::state::people::folded;

const CUSTOMERS_PAGE_MAX: usize = 100;
const GROUPS_PAGE_MAX: usize = 1_000;

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

fn shown(id: &str, contact: &Contact) -> Value {
    let mut shown = json!({
        "external_userid": id, "name": contact.name, "type": contact.kind, "avatar": "", "gender": 0,
    });
    if contact.kind == 2 {
        shown["corp_name"] = contact.corp_name.clone().into();
    }
    shown
}

/// How a member has a customer.
fn follow(state: &State, contact: &Contact, person: &str) -> Value {
    json!({
        "userid": state.spelled(person), "remark": contact.name, "createtime": contact.follows.get(person), "tags": [],
        "add_way": 1, "state": "",
    })
}

pub(super) fn get(state: &mut State, call: &Call) -> Outcome {
    let id = call.query("external_userid");
    let contact = state.contacts.get(id).ok_or_else(|| Refusal::new(40_096))?;
    let follows: Vec<Value> = contact.follows.keys().map(|person| follow(state, contact, person)).collect();
    Ok(json!({ "external_contact": shown(id, contact), "follow_user": follows, "next_cursor": "" }).into())
}

/// The bounds of a page: after which id it begins, and how many it holds.
fn page(call: &Call, most: usize) -> (&str, usize) {
    let limit = call.number("limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(most);
    (call.text("cursor"), limit.clamp(1, most))
}

pub(super) fn by_members(state: &mut State, call: &Call) -> Outcome {
    let people: Vec<String> = call.texts("userid_list").iter().map(|id| folded(id)).collect();
    let (after, limit) = page(call, CUSTOMERS_PAGE_MAX);
    let rows = state.contacts.iter().flat_map(|(id, contact)| {
        let own = people.iter().filter(|person| contact.follows.contains_key(*person));
        own.map(move |person| (format!("{id}/{person}"), id, contact, person))
    });
    let mut rows: Vec<_> = rows.filter(|(place, ..)| place.as_str() > after).take(limit + 1).collect();
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map_or("", |(place, ..)| place);
    let row = |(_, id, contact, person): &(String, &String, &Contact, &String)| json!({ "external_contact": shown(id, contact), "follow_info": follow(state, contact, person) });
    let list: Vec<Value> = rows.iter().map(row).collect();
    Ok(json!({ "external_contact_list": list, "next_cursor": next }).into())
}

pub(super) fn groups(state: &mut State, call: &Call) -> Outcome {
    let owners = texts(call.body.get("owner_filter").and_then(|filter| filter.get("userid_list")));
    let owners: Vec<String> = owners.iter().map(|id| folded(id)).collect();
    let (after, limit) = page(call, GROUPS_PAGE_MAX);
    let own = state
        .customer_groups
        .iter()
        .filter(|(id, group)| (owners.is_empty() || owners.contains(&group.owner)) && id.as_str() > after);
    let mut ids: Vec<&String> = own.map(|(id, _)| id).take(limit + 1).collect();
    let more = ids.len() > limit;
    ids.truncate(limit);
    let next = ids.last().filter(|_| more).map_or("", |id| id);
    let list: Vec<Value> = ids.iter().map(|id| json!({ "chat_id": id, "status": 0 })).collect();
    Ok(json!({ "group_chat_list": list, "next_cursor": next }).into())
}

pub(super) fn group(state: &mut State, call: &Call) -> Outcome {
    let id = call.text("chat_id");
    let group = state.customer_groups.get(id).ok_or_else(|| Refusal::new(40_050))?;
    let named = call.number("need_name") == Some(1);
    let member = |(one, since): (&String, &u64)| {
        let (kind, name) = match (state.people.get(one), state.contacts.get(one)) {
            (Some(person), _) => (1, &person.name),
            (None, Some(contact)) => (2, &contact.name),
            (None, None) => return Value::Null,
        };
        let mut member = json!({
            "userid": state.spelled(one), "type": kind, "join_time": since, "join_scene": 1, "group_nickname": "",
        });
        if named {
            member["name"] = name.clone().into();
        }
        member
    };
    let members: Vec<Value> = group.inside.iter().map(member).filter(|member| !member.is_null()).collect();
    let shown = json!({
        "chat_id": id, "name": group.name, "owner": state.spelled(&group.owner), "create_time": group.made_s,
        "notice": "", "member_list": members, "admin_list": [], "member_version": group.version.to_string(),
    });
    Ok(json!({ "group_chat": shown }).into())
}

/// Greets a new customer, once and at once.
pub(super) fn welcome(state: &mut State, call: &Call) -> Outcome {
    let silent = call.body.get("text").is_none_or(|words| text(words, "content").is_empty());
    let attached = call.body.get("attachments").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    if silent && !attached {
        return Err(Refusal::new(44_004));
    }
    let now = state.now_ms();
    let code = state.welcome_codes.get_mut(call.text("welcome_code")).filter(|code| code.until_ms > now);
    let code = code.ok_or_else(|| Refusal::new(41_050))?;
    if code.used {
        return Err(Refusal::new(41_096));
    }
    code.used = true;
    Ok(json!({}).into())
}

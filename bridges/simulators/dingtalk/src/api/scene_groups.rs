//! Scene groups, and what may be read of any group where the app's plug-in is installed.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Outcome;
use super::groups::{invalid, seen};
use super::reading::Call;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::chats::Chat;

const TITLE_CHARACTERS_MAX: usize = 30;
const MEMBERS_MAX: usize = 1_000;
const PAGE_MAX: u64 = 1_000;

pub(super) fn create(state: &mut State, call: &Call) -> Outcome {
    let title = call.needed("title", "parameter.invalid")?.to_owned();
    let template = call.needed("template_id", "parameter.invalid")?.to_owned();
    let owner = call.needed("owner_user_id", "parameter.invalid")?.to_owned();
    if title.chars().count() > TITLE_CHARACTERS_MAX {
        return Err(Refusal::bad("parameter.invalid"));
    }
    let mut people: BTreeSet<String> = members(state, call)?.into_iter().collect();
    people.insert(owner.clone());
    people.iter().try_for_each(|person| seen(state, person))?;
    if people.len() > MEMBERS_MAX {
        return Err(Refusal::bad("member.exceed"));
    }
    // The template brings the app's robot along; the uuid makes one group of several requests.
    let uuid = call.text("uuid");
    let template = format!("{template}/{uuid}");
    let known = state.chats.values().find(|chat| {
        !uuid.is_empty()
            && chat.template.as_ref() == Some(&template)
            && chat.made_by.as_ref() == Some(&call.app)
    });
    let id = match known.map(|chat| chat.id.clone()) {
        Some(id) => id,
        None => {
            let chat = Chat {
                title,
                owner: owner.clone(),
                people,
                made_by: Some(call.app.clone()),
                template: Some(template),
                ..Chat::default()
            };
            let id = state.make_chat(chat).map_err(invalid)?;
            state.set_robot(&id, &call.app, &owner, true).map_err(invalid)?;
            id
        }
    };
    let chat_id = state.chats.get(&id).map(|chat| chat.chat_id.clone());
    Ok(json!({ "open_conversation_id": id, "chat_id": chat_id }))
}

/// The people of `user_ids` and `union_ids`.
fn members(state: &State, call: &Call) -> Result<Vec<String>, Refusal> {
    let mut people = call.texts("user_ids");
    for union_id in call.texts("union_ids") {
        let person = state.person_of_union(&union_id).ok_or_else(|| Refusal::bad("member.notFound"))?;
        people.push(person.user_id.clone());
    }
    Ok(people)
}

/// The group of a request: one that the app made from a template, or, for reading, one where its plug-in is installed.
fn group(state: &State, call: &Call, name: &str, reads: bool) -> Result<Chat, Refusal> {
    let id = call.needed(name, "parameter.invalid")?;
    let chat = state.chats.get(id).ok_or_else(|| Refusal::bad("parameter.invalid"))?;
    let made = chat.template.is_some() && chat.made_by.as_ref() == Some(&call.app);
    let cool_app = call.text("coolAppCode");
    if made {
        return Ok(chat.clone());
    }
    if !reads || cool_app.is_empty() {
        return Err(Refusal::bad("groupPermissionDenied"));
    }
    let installed = state.apps.get(&call.app).is_some_and(|app| app.cool_app == cool_app)
        && chat.robots.contains(&call.app);
    if installed { Ok(chat.clone()) } else { Err(Refusal::bad("coolAppUninstalled")) }
}

pub(super) fn update(state: &mut State, call: &Call) -> Outcome {
    let chat = group(state, call, "open_conversation_id", false)?;
    if !call.text("title").is_empty() {
        state.rename(&chat.id, call.text("title"), &chat.owner).map_err(invalid)?;
    }
    let owner = match call.text("owner_union_id") {
        "" => call.text("owner_user_id").to_owned(),
        union_id => state.person_of_union(union_id).map(|person| person.user_id.clone()).unwrap_or_default(),
    };
    if !owner.is_empty() {
        if !chat.people.contains(&owner) {
            return Err(Refusal::bad("member.notFound"));
        }
        state.change_owner(&chat.id, &owner, &chat.owner).map_err(invalid)?;
    }
    Ok(json!({ "success": true }))
}

pub(super) fn add_members(state: &mut State, call: &Call) -> Outcome {
    let chat = group(state, call, "open_conversation_id", false)?;
    let people = members(state, call)?;
    people.iter().try_for_each(|person| seen(state, person))?;
    if chat.people.len() + people.len() > MEMBERS_MAX {
        return Err(Refusal::bad("member.exceed"));
    }
    state.join(&chat.id, &people, &chat.owner).map_err(invalid)?;
    Ok(json!({ "success": true }))
}

pub(super) fn remove_members(state: &mut State, call: &Call) -> Outcome {
    let chat = group(state, call, "open_conversation_id", false)?;
    let people = members(state, call)?;
    if people.iter().any(|person| !chat.people.contains(person)) {
        return Err(Refusal::bad("member.notFound"));
    }
    state.leave(&chat.id, &people, "").map_err(invalid)?;
    Ok(json!({ "success": true }))
}

pub(super) fn query(state: &mut State, call: &Call) -> Outcome {
    let chat = group(state, call, "openConversationId", true)?;
    let template = chat.template.as_deref().and_then(|template| template.split('/').next());
    Ok(json!({
        "success": true, "openConversationId": chat.id, "templateId": template, "title": chat.title,
        "ownerUserId": chat.owner, "icon": "", "groupUrl": "", "status": if chat.disbanded { 2 } else { 1 },
    }))
}

/// A page of the members, in the order of their ids.
fn members_page(state: &State, call: &Call, chat: &Chat) -> Value {
    let from = call.text("nextToken").parse().unwrap_or(0);
    let wanted = call.number("maxResults").unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let wanted = usize::try_from(wanted).unwrap_or(1);
    let page: Vec<&String> = chat.people.iter().skip(from).take(wanted).collect();
    let (mut union_ids, mut names, mut union_names) = (Vec::new(), Map::new(), Map::new());
    for person in page.iter().filter_map(|person| state.people.get(*person)) {
        union_ids.push(person.union_id.clone());
        names.insert(person.user_id.clone(), person.name.clone().into());
        union_names.insert(person.union_id.clone(), person.name.clone().into());
    }
    let until = from + page.len();
    json!({
        "memberUserIds": page, "unionIdList": union_ids, "staffIdNickMap": names,
        "unionIdNickMap": union_names, "hasMore": until < chat.people.len(), "nextToken": until.to_string(),
    })
}

pub(super) fn batch_query(state: &mut State, call: &Call) -> Outcome {
    let chat = group(state, call, "openConversationId", true)?;
    if call.number("maxResults").is_none() {
        return Err(Refusal::bad("parameter.invalid"));
    }
    Ok(members_page(state, call, &chat))
}

pub(super) fn disband(state: &mut State, call: &Call) -> Outcome {
    let chat = group(state, call, "openConversationId", false)?;
    state.disband(&chat.id, &chat.owner).map_err(invalid)?;
    Ok(json!({ "success": true }))
}

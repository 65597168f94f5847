//! Ordinary groups that apps make.

use serde_json::json;

use super::Outcome;
use super::reading::Call;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::chats::Chat;

const NAME_CHARACTERS_MAX: usize = 20;

/// A refusal of the control API in the words of this one.
pub(super) fn invalid(_: Refusal) -> Refusal {
    Refusal::bad("parameter.invalid")
}

/// Somebody whom the app may see.
pub(super) fn seen(state: &State, person: &str) -> Result<(), Refusal> {
    let listed = state.people.get(person).is_some_and(|person| person.is_listed());
    // So spelled by the platform.
    if listed { Ok(()) } else { Err(Refusal::bad("permession.checkFailed")) }
}

pub(super) fn create(state: &mut State, call: &Call) -> Outcome {
    let title = call.needed("name", "parameter.invalid")?.to_owned();
    let owner = call.needed("owner", "parameter.invalid")?.to_owned();
    let mut people = call.texts("useridlist");
    if title.chars().count() > NAME_CHARACTERS_MAX || people.is_empty() {
        return Err(Refusal::bad("parameter.invalid"));
    }
    people.push(owner.clone());
    people.iter().try_for_each(|person| seen(state, person))?;
    let made_by = Some(call.app.clone());
    let chat = Chat { title, owner, people: people.into_iter().collect(), made_by, ..Chat::default() };
    let id = state.make_chat(chat).map_err(invalid)?;
    let chat_id = state.chats.get(&id).map(|chat| chat.chat_id.clone());
    Ok(json!({ "conversationTag": 2, "openConversationId": id, "chatid": chat_id }))
}

/// The group of a chatid, if this app made it.
fn made<'a>(state: &'a State, call: &Call, chat_id: &str) -> Option<&'a Chat> {
    let made = |chat: &&Chat| chat.chat_id == chat_id && chat.made_by.as_ref() == Some(&call.app);
    state.chats.values().find(made)
}

pub(super) fn update(state: &mut State, call: &Call) -> Outcome {
    let chat_id = call.needed("chatid", "parameter.invalid")?;
    let chat = made(state, call, chat_id).filter(|chat| !chat.disbanded);
    let chat = chat.ok_or_else(|| Refusal::bad("permession.checkFailed"))?.clone();
    let (add, remove) = (call.texts("add_useridlist"), call.texts("del_useridlist"));
    add.iter().try_for_each(|person| seen(state, person))?;
    let owner = call.text("owner");
    if !owner.is_empty() && !chat.people.contains(owner) {
        return Err(Refusal::bad("parameter.invalid"));
    }
    if !add.is_empty() {
        state.join(&chat.id, &add, &chat.owner).map_err(invalid)?;
    }
    if !remove.is_empty() {
        state.leave(&chat.id, &remove, "").map_err(invalid)?;
    }
    if !call.text("name").is_empty() {
        state.rename(&chat.id, call.text("name"), &chat.owner).map_err(invalid)?;
    }
    if !owner.is_empty() {
        state.change_owner(&chat.id, owner, &chat.owner).map_err(invalid)?;
    }
    Ok(json!({ "success": true }))
}

pub(super) fn get(state: &mut State, call: &Call) -> Outcome {
    let chat_id = call.query("chatid");
    if chat_id.is_empty() {
        return Err(Refusal::old(49_000));
    }
    if !state.chats.values().any(|chat| chat.chat_id == chat_id) {
        return Err(Refusal::old(40_016));
    }
    let chat = made(state, call, chat_id).ok_or_else(|| Refusal::old(43_007))?;
    Ok(json!({ "chat_info": {
        "chatid": chat.chat_id, "name": chat.title, "owner": chat.owner, "useridlist": chat.people,
        "conversationTag": 2, "icon": "", "mentionAllAuthority": 0,
    } }))
}

pub(super) fn convert(state: &mut State, call: &Call) -> Outcome {
    let chat = made(state, call, call.part(3)).ok_or_else(|| Refusal::bad("parameter.invalid"))?;
    Ok(json!({ "openConversationId": chat.id }))
}

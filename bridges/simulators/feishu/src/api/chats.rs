//! Chats as an app sees and changes them.

use serde_json::{Value, json};

use super::envelope::page as shown_page;
use super::paging::page;
use super::{Answer, Call, Outcome};
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::chats::Chat;

/// Characters of a `uuid`.
const UUID_CHARACTERS_MAX: usize = 50;
/// How long a `uuid` stands for the chat that it made: ten hours.
const UUID_LIFE_MS: u64 = 10 * 60 * 60_000;

fn base(state: &State, call: &Call, chat: &Chat) -> Value {
    let kind = call.query_or("user_id_type", "open_id");
    let mut shown = json!({
        "chat_id": chat.chat_id, "avatar": format!("https://avatars.invalid/{}.png", chat.avatar),
        "name": chat.name, "description": chat.description, "external": false, "tenant_key": state.tenant_key,
        "chat_status": chat.status(),
    });
    // Missing where a bot owns the chat.
    if let Some(owner) = chat.owner.as_ref().filter(|owner| state.people.contains_key(*owner)) {
        shown["owner_id"] = state.id_of(&call.app, owner, kind).into();
        shown["owner_id_type"] = kind.into();
    }
    shown
}

/// `GET im/v1/chats`: groups that the bot is in, no direct chats. Of those that are dissolved, the ones whose history is kept.
pub(crate) fn list(state: &mut State, call: &Call) -> Outcome {
    let mut chats: Vec<&Chat> = state
        .chats
        .values()
        .filter(|chat| chat.direct.is_none() && chat.status() != "dissolved" && chat.bots.contains(&call.app))
        .collect();
    chats.sort_by_key(|chat| chat.number);
    let (chats, token) = page(call, chats, 20, 100, 232_001)?;
    let items = chats.into_iter().map(|chat| base(state, call, chat)).collect();
    Ok(Answer::Data(shown_page(items, token)))
}

/// `GET im/v1/chats/*`; from outside only a little of it.
pub(crate) fn get(state: &mut State, call: &Call) -> Outcome {
    let chat = state.chats.get(call.part(3)).ok_or(Refusal::code(232_006))?;
    let counts =
        json!({ "user_count": chat.people.len().to_string(), "bot_count": chat.bots.len().to_string() });
    let mut shown = base(state, call, chat);
    if !chat.bots.contains(&call.app) {
        shown =
            json!({ "name": shown["name"], "avatar": shown["avatar"], "chat_status": shown["chat_status"] });
    } else {
        shown["chat_mode"] = chat.chat_type().into();
        shown["chat_type"] = "private".into();
        shown["chat_tag"] = "inner".into();
        shown["group_message_type"] = "chat".into();
        shown["moderation_permission"] = if chat.bots_muted { "only_owner" } else { "all_members" }.into();
    }
    shown["user_count"] = counts["user_count"].clone();
    shown["bot_count"] = counts["bot_count"].clone();
    Ok(Answer::Data(shown))
}

/// `POST im/v1/chats`.
pub(crate) fn create(state: &mut State, call: &Call) -> Outcome {
    let kind = call.query_or("user_id_type", "open_id");
    let ids = call.body.get("user_id_list").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut people = Vec::new();
    for id in ids.iter().filter_map(Value::as_str) {
        people.push(state.person(&call.app, kind, id).map_err(|_| Refusal::code(232_043))?.user_id.clone());
    }
    let owner = match call.text("owner_id") {
        "" => call.app.clone(),
        id => state.person(&call.app, kind, id).map_err(|_| Refusal::code(232_043))?.user_id.clone(),
    };
    let uuid = call.query("uuid");
    if uuid.chars().count() > UUID_CHARACTERS_MAX {
        return Err(Refusal::code(232_001));
    }
    let place = (call.app.clone(), format!("{owner} {uuid}"));
    let now_ms = state.stage.now_ms();
    state.chat_uuids.retain(|_, (_, until_ms)| *until_ms > now_ms);
    if let Some((chat_id, _)) = state.chat_uuids.get(&place).filter(|_| !uuid.is_empty()).cloned() {
        return get(state, &seen(call, &chat_id));
    }
    if state.chats.len() >= RECORDS_MAX {
        return Err(Refusal::code(2200));
    }
    let chat_id = state.make_chat(call.text("name"), None);
    if !uuid.is_empty() {
        state.chat_uuids.insert(place, (chat_id.clone(), now_ms + UUID_LIFE_MS));
    }
    if let Some(chat) = state.chats.get_mut(&chat_id) {
        chat.description = call.text("description").to_owned();
        chat.bots.insert(call.app.clone());
        if state.people.contains_key(&owner) {
            people.push(owner.clone());
        }
        chat.people.extend(people);
        chat.owner = Some(owner);
    }
    get(state, &seen(call, &chat_id))
}

/// The call that reads a chat, of the same app.
fn seen(call: &Call, chat_id: &str) -> Call {
    let path = ["im", "v1", "chats", chat_id].map(str::to_owned).to_vec();
    Call { app: call.app.clone(), path, ..Call::default() }
}

/// Whether an app may change a chat: it has to own it.
fn is_owned(state: &mut State, call: &Call) -> Result<(), Refusal> {
    let chat = state.live_chat(call.part(3), 232_006)?;
    if !chat.bots.contains(&call.app) {
        return Err(Refusal::code(232_011));
    }
    if chat.owner.as_deref() == Some(&call.app) { Ok(()) } else { Err(Refusal::code(232_002)) }
}

/// `PUT im/v1/chats/*`.
pub(crate) fn update(state: &mut State, call: &Call) -> Outcome {
    is_owned(state, call)?;
    match call.body.get("name").and_then(Value::as_str) {
        Some("") => return Err(Refusal::code(232_020)),
        Some(name) => state.rename(call.part(3), name, &call.app)?,
        None => {}
    }
    let field = |name: &str| call.body.get(name).and_then(Value::as_str);
    state.describe(call.part(3), field("description"), field("avatar"), &call.app)?;
    Ok(Answer::Data(json!({})))
}

/// `DELETE im/v1/chats/*`.
pub(crate) fn dissolve(state: &mut State, call: &Call) -> Outcome {
    is_owned(state, call)?;
    state.dissolve(call.part(3), &call.app, false)?;
    Ok(Answer::Data(json!({})))
}

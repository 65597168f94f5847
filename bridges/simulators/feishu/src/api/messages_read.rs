//! Reading: one message, the history of a chat or a topic, who has read.

use serde_json::{Value, json};

use super::envelope::page as shown_page;
use super::paging::page;
use super::{Answer, Call, Outcome};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::messages::{Actor, Message};

/// How long it can be asked who has read a message.
const READERS_LIFE_MS: u64 = 7 * 24 * 60 * 60_000;

fn wants_whole_cards(call: &Call) -> bool {
    call.query("card_msg_content_type") == "user_card_content"
}

/// `GET im/v1/messages/*`.
pub(crate) fn one(state: &mut State, call: &Call) -> Outcome {
    let message = state.messages.get(call.part(3)).ok_or(Refusal::code(99_992_354))?;
    is_inside(state, call, &message.chat_id)?;
    let kind = call.query_or("user_id_type", "open_id");
    let mut shown = state.shown(&call.app, message, kind, wants_whole_cards(call));
    if message.recalled_ms.is_some() {
        shown["body"] = json!({ "content": "" });
    }
    let mut items = vec![shown];
    items.extend(message.merged.iter().map(|child| {
        let mut shown = state.shown(&call.app, child, kind, wants_whole_cards(call));
        shown["upper_message_id"] = message.message_id.clone().into();
        shown
    }));
    Ok(Answer::Data(json!({ "items": items })))
}

/// `GET im/v1/messages`.
pub(crate) fn list(state: &mut State, call: &Call) -> Outcome {
    let container = call.query("container_id");
    let thread = match call.query("container_id_type") {
        "chat" => false,
        "thread" => true,
        _ => return Err(Refusal::ext(230_001, "container_id_type is invalid")),
    };
    let seconds = |name: &str, missing: u64| match call.query(name) {
        "" => Ok(missing),
        text => text.parse::<u64>().map_err(|_| Refusal::ext(230_001, &format!("{name} is invalid"))),
    };
    let (start_s, end_s) = (seconds("start_time", 0)?, seconds("end_time", u64::MAX)?);
    let timed = !call.query("start_time").is_empty() || !call.query("end_time").is_empty();
    if thread && timed {
        return Err(Refusal::ext(230_001, "thread does not support time range"));
    }
    let chat_id = match thread {
        false => container.to_owned(),
        true => {
            let mut inside =
                state.messages.values().filter(|message| message.thread.as_deref() == Some(container));
            inside.next().ok_or(Refusal::code(230_019))?.chat_id.clone()
        }
    };
    is_inside(state, call, &chat_id)?;
    let mut found: Vec<&Message> = state
        .messages
        .values()
        .filter(|message| match thread {
            true => message.thread.as_deref() == Some(container),
            // The answers inside of a topic stand in the topic alone.
            false => message.chat_id == container && (message.thread.is_none() || message.parent.is_none()),
        })
        .filter(|message| (start_s..=end_s).contains(&(message.create_ms / 1_000)))
        .collect();
    found.sort_by_key(|message| (message.create_ms, message.number));
    if call.query("sort_type") == "ByCreateTimeDesc" {
        found.reverse();
    }
    let (found, token) = page(call, found, 20, 50, 230_001)?;
    let items =
        found.into_iter().map(|message| state.shown(&call.app, message, "open_id", wants_whole_cards(call)));
    Ok(Answer::Data(shown_page(items.collect(), token)))
}

/// Whether an app may read in a chat: it has to be in it, and groups need their own scope.
fn is_inside(state: &State, call: &Call, chat_id: &str) -> Result<(), Refusal> {
    let chat = state.chats.get(chat_id).ok_or(Refusal::code(99_992_356))?;
    if !chat.bots.contains(&call.app) {
        return Err(Refusal::code(230_002));
    }
    let may = state.app(&call.app)?.may_any(&["im:message.group_msg", "im:message.group_msg:readonly"]);
    if chat.direct.is_none() && !may { Err(Refusal::code(230_027)) } else { Ok(()) }
}

/// `GET im/v1/messages/*/read_users`.
pub(crate) fn readers(state: &mut State, call: &Call) -> Outcome {
    let message = state.messages.get(call.part(3)).ok_or(Refusal::code(99_992_354))?;
    if message.by != Actor::App(call.app.clone()) {
        return Err(Refusal::code(230_012));
    }
    if state.stage.now_ms() > message.create_ms + READERS_LIFE_MS {
        return Err(Refusal::code(230_033));
    }
    let kind = call.query_or("user_id_type", "open_id");
    let items: Vec<Value> = message
        .read_by
        .iter()
        .map(|(person, at_ms)| {
            json!({
                "user_id_type": kind, "user_id": state.id_of(&call.app, person, kind),
                "timestamp": at_ms.to_string(), "tenant_key": state.tenant_of(person),
            })
        })
        .collect();
    let (items, token) = page(call, items, 20, 100, 230_001)?;
    Ok(Answer::Data(shown_page(items, token)))
}

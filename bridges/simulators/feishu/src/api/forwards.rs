//! Passing messages on by an app: one as it is, or several as one.

use serde_json::{Value, json};

use super::messages::{destination, may_speak, ready, said_before, speak, uuid};
use super::{Answer, Call, Outcome};
use crate::content::Converted;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::messages::{Actor, Message};

/// Kinds that nobody can pass on.
const STAYS: [&str; 4] = ["system", "vote", "audio", "hongbao"];
/// Messages that one request may pass on together.
const TOGETHER_MAX: usize = 100;

/// `POST im/v1/messages/*/forward`.
pub(crate) fn one(state: &mut State, call: &Call) -> Outcome {
    ready(state, call)?;
    if let Some(answer) = said_before(state, call)? {
        return Ok(answer);
    }
    if state.is_merged(call.part(3)) {
        return Err(Refusal::code(230_054));
    }
    let target = readable(state, call, call.part(3))?;
    let (chat_id, topic) = place(state, call)?;
    let converted = Converted { content: target.content, card: target.card, mentions: Vec::new() };
    speak(state, call, converted, &target.kind, chat_id, topic)
}

/// `POST im/v1/messages/merge_forward`. What cannot be passed on is left out and named in the answer.
pub(crate) fn together(state: &mut State, call: &Call) -> Outcome {
    ready(state, call)?;
    if let Some(Answer::Data(message)) = said_before(state, call)? {
        return Ok(merged(message, &[]));
    }
    let ids = call.body.get("message_id_list").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let ids: Vec<&str> = ids.iter().filter_map(Value::as_str).collect();
    if ids.is_empty() || ids.len() > TOGETHER_MAX {
        return Err(Refusal::ext(230_001, "message_id_list"));
    }
    let (chat_id, _) = place(state, call)?;
    let (good, wrong): (Vec<&str>, Vec<&str>) =
        ids.into_iter().partition(|message| readable(state, call, message).is_ok());
    let good: Vec<String> = good.into_iter().map(str::to_owned).collect();
    if good.is_empty() {
        return Err(Refusal::code(230_054));
    }
    let key = Some(uuid(call).to_owned()).filter(|uuid| !uuid.is_empty());
    let message_id = state.forward(chat_id, Actor::App(call.app.clone()), &good, key)?;
    let message = state.messages.get(&message_id).ok_or(Refusal::code(2200))?;
    Ok(merged(state.shown(&call.app, message, "open_id", false), &wrong))
}

fn merged(message: Value, wrong: &[&str]) -> Answer {
    Answer::Data(json!({ "message": message, "invalid_message_id_list": wrong }))
}

/// A message that the app can see and that can be passed on.
fn readable(state: &State, call: &Call, message: &str) -> Result<Message, Refusal> {
    let message = state.messages.get(message).ok_or(Refusal::code(99_992_354))?;
    let chat = state.chats.get(&message.chat_id);
    match () {
        () if !chat.is_some_and(|chat| chat.bots.contains(&call.app)) => Err(Refusal::code(230_002)),
        () if message.recalled_ms.is_some() => Err(Refusal::code(230_011)),
        () if STAYS.contains(&message.kind.as_str()) => Err(Refusal::code(230_054)),
        () => Ok(message.clone()),
    }
}

/// Where it goes: a chat, and the first message of a topic where it goes into one.
fn place(state: &mut State, call: &Call) -> Result<(String, Option<String>), Refusal> {
    let (kind, id) = (call.query_or("receive_id_type", "chat_id").to_owned(), call.needed("receive_id")?);
    if kind != "thread_id" {
        return Ok((destination(state, &call.app, &kind, id)?, None));
    }
    let is_first = |message: &&Message| message.thread.as_deref() == Some(id) && message.parent.is_none();
    let first = state.messages.values().find(is_first).ok_or(Refusal::code(230_019))?;
    let (chat_id, topic) = (first.chat_id.clone(), first.message_id.clone());
    may_speak(state, &call.app, &chat_id)?;
    Ok((chat_id, Some(topic)))
}

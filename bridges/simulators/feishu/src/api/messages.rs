//! Sending, replying, editing and recalling by an app.

use serde_json::json;

use super::{Answer, Call, Outcome};
use crate::content::{Converted, convert};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::messages::{Actor, Draft};

/// Characters of a `uuid`.
const UUID_CHARACTERS_MAX: usize = 50;
/// How long a `uuid` stands for the message that it made.
const UUID_LIFE_MS: u64 = 60 * 60_000;

/// `POST im/v1/messages`.
pub(crate) fn send(state: &mut State, call: &Call) -> Outcome {
    let kind = match call.query("receive_id_type") {
        "" => return Err(Refusal::ext(99_992_402, "receive_id_type is required")),
        kind => kind.to_owned(),
    };
    let (receive_id, msg_type) = (call.needed("receive_id")?, call.needed("msg_type")?);
    ready(state, call)?;
    if let Some(answer) = said_before(state, call)? {
        return Ok(answer);
    }
    let converted = convert(state, &call.app, msg_type, call.needed("content")?)?;
    let chat_id = destination(state, &call.app, &kind, receive_id)?;
    speak(state, call, converted, msg_type, chat_id, None)
}

/// `POST im/v1/messages/*/reply`.
pub(crate) fn reply(state: &mut State, call: &Call) -> Outcome {
    let msg_type = call.needed("msg_type")?;
    ready(state, call)?;
    if let Some(answer) = said_before(state, call)? {
        return Ok(answer);
    }
    let target = state.messages.get(call.part(3)).ok_or(Refusal::code(99_992_354))?.clone();
    if target.recalled_ms.is_some() {
        return Err(Refusal::code(230_011));
    }
    if target.kind == "system" {
        return Err(Refusal::code(230_054));
    }
    let converted = convert(state, &call.app, msg_type, call.needed("content")?)?;
    may_speak(state, &call.app, &target.chat_id)?;
    speak(state, call, converted, msg_type, target.chat_id, Some(target.message_id))
}

/// What every message of an app needs before anything else is looked at.
pub(super) fn ready(state: &State, call: &Call) -> Result<(), Refusal> {
    if !state.app(&call.app)?.bot_enabled {
        return Err(Refusal::code(230_006));
    }
    if uuid(call).chars().count() > UUID_CHARACTERS_MAX {
        Err(Refusal::ext(230_001, "uuid is too long"))
    } else {
        Ok(())
    }
}

/// The `uuid` of a request: in its body, or in its query where something is passed on.
pub(super) fn uuid(call: &Call) -> &str {
    if call.text("uuid").is_empty() { call.query("uuid") } else { call.text("uuid") }
}

/// The message that the same `uuid` made within the last hour. The platform does not say what it answers; this answers the
/// message again.
pub(super) fn said_before(state: &State, call: &Call) -> Result<Option<Answer>, Refusal> {
    let uuid = uuid(call);
    let known = state.uuids.get(&(call.app.clone(), uuid.to_owned()));
    let message = known.filter(|_| !uuid.is_empty()).and_then(|message_id| state.messages.get(message_id));
    let fresh = message.filter(|message| message.create_ms + UUID_LIFE_MS > state.stage.now_ms());
    Ok(fresh.map(|message| Answer::Data(state.shown(&call.app, message, "open_id", false))))
}

/// The chat that a receiver means; a person's direct chat is made when there is none.
pub(super) fn destination(
    state: &mut State,
    app: &str,
    kind: &str,
    receive_id: &str,
) -> Result<String, Refusal> {
    let chat_id = match kind {
        "chat_id" => receive_id.to_owned(),
        "open_id" | "union_id" | "user_id" | "email" => {
            let person = state.person(app, kind, receive_id)?;
            if person.resigned {
                return Err(Refusal::code(230_029));
            }
            if person.unavailable {
                return Err(Refusal::code(230_013));
            }
            if person.stopped_bots {
                return Err(Refusal::code(230_053));
            }
            let person = person.user_id.clone();
            state.direct_chat(&person, app)
        }
        _ => return Err(Refusal::ext(99_992_402, "receive_id_type is invalid")),
    };
    may_speak(state, app, &chat_id)?;
    Ok(chat_id)
}

pub(super) fn may_speak(state: &mut State, app: &str, chat_id: &str) -> Result<(), Refusal> {
    let chat = state.live_chat(chat_id, 230_034)?;
    if !chat.bots.contains(app) {
        return Err(Refusal::code(230_002));
    }
    if chat.bots_muted {
        return Err(Refusal::code(230_035));
    }
    let per_second = state.settings.chat_messages_per_second;
    // One budget for all bots of a chat.
    let counted = state.stage.count("", chat_id, &[(1_000, per_second)]);
    counted.map_err(|_| Refusal::ext(230_020, "chat rate limit"))
}

pub(super) fn speak(
    state: &mut State,
    call: &Call,
    converted: Converted,
    kind: &str,
    chat_id: String,
    reply_to: Option<String>,
) -> Outcome {
    let in_thread = call.body.get("reply_in_thread").and_then(serde_json::Value::as_bool).unwrap_or(false);
    let message_id = state.say(Draft {
        chat_id,
        by: Actor::App(call.app.clone()),
        kind: kind.to_owned(),
        content: converted.content,
        card: converted.card,
        mentions: converted.mentions,
        reply_to,
        in_thread,
        uuid: Some(uuid(call).to_owned()).filter(|uuid| !uuid.is_empty()),
    })?;
    let message = state.messages.get(&message_id).ok_or(Refusal::code(2200))?;
    Ok(Answer::Data(state.shown(&call.app, message, "open_id", false)))
}

/// `PUT im/v1/messages/*`.
pub(crate) fn edit(state: &mut State, call: &Call) -> Outcome {
    let kind = call.needed("msg_type")?;
    if !["text", "post"].contains(&kind) {
        return Err(Refusal::code(230_001));
    }
    let message = state.messages.get(call.part(3)).ok_or(Refusal::code(99_992_354))?;
    if message.kind == "interactive" {
        return Err(Refusal::code(230_001));
    }
    let converted = convert(state, &call.app, kind, call.needed("content")?)?;
    let by = Actor::App(call.app.clone());
    state.edit(call.part(3), &by, kind, converted.content, converted.mentions)?;
    let message = state.messages.get(call.part(3)).ok_or(Refusal::code(2200))?;
    Ok(Answer::Data(state.shown(&call.app, message, "open_id", false)))
}

/// `DELETE im/v1/messages/*`.
pub(crate) fn recall(state: &mut State, call: &Call) -> Outcome {
    state.recall(call.part(3), &Actor::App(call.app.clone()))?;
    Ok(Answer::Data(json!({})))
}

//! Reactions of an app.

use serde_json::{Value, json};

use super::envelope::page as shown_page;
use super::paging::page;
use super::{Answer, Call, Outcome};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::messages::Actor;
use crate::state::reactions::Reaction;

fn shown(state: &State, call: &Call, reaction: &Reaction) -> Value {
    let (id, kind) = match &reaction.by {
        Actor::Person(person) => {
            (state.id_of(&call.app, person, call.query_or("user_id_type", "open_id")), "user")
        }
        Actor::App(app) => (app.clone(), "app"),
    };
    json!({
        "reaction_id": reaction.reaction_id,
        "operator": { "operator_id": id, "operator_type": kind },
        "action_time": reaction.at_ms.to_string(),
        "reaction_type": { "emoji_type": reaction.emoji_type },
    })
}

fn is_inside(state: &State, call: &Call) -> Result<(), Refusal> {
    let message = state.messages.get(call.part(3)).ok_or(Refusal::code(231_003))?;
    let inside = state.chats.get(&message.chat_id).is_some_and(|chat| chat.bots.contains(&call.app));
    if inside { Ok(()) } else { Err(Refusal::code(231_002)) }
}

/// `POST im/v1/messages/*/reactions`.
pub(crate) fn add(state: &mut State, call: &Call) -> Outcome {
    is_inside(state, call)?;
    let emoji_type =
        call.body.pointer("/reaction_type/emoji_type").and_then(Value::as_str).unwrap_or_default();
    let reaction = state.react(call.part(3), &Actor::App(call.app.clone()), emoji_type)?;
    Ok(Answer::Data(shown(state, call, &reaction)))
}

/// `DELETE im/v1/messages/*/reactions/*`.
pub(crate) fn remove(state: &mut State, call: &Call) -> Outcome {
    is_inside(state, call)?;
    let reaction = state.unreact(call.part(3), &Actor::App(call.app.clone()), call.part(5))?;
    Ok(Answer::Data(shown(state, call, &reaction)))
}

/// `GET im/v1/messages/*/reactions`.
pub(crate) fn list(state: &mut State, call: &Call) -> Outcome {
    is_inside(state, call)?;
    let wanted = call.query("reaction_type");
    let message = state.messages.get(call.part(3)).ok_or(Refusal::code(231_003))?;
    let items: Vec<Value> = message
        .reactions
        .iter()
        .filter(|reaction| wanted.is_empty() || reaction.emoji_type == wanted)
        .map(|reaction| shown(state, call, reaction))
        .collect();
    let (items, token) = page(call, items, 20, 50, 231_011)?;
    Ok(Answer::Data(shown_page(items, token)))
}

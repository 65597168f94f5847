//! Changing cards: by message, and by the token of a press.

use serde_json::{Value, json};

use super::{Answer, Call, Outcome};
use crate::card;
use crate::content::convert;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::messages::Actor;

/// How long a card can be changed.
const CARD_LIFE_MS: u64 = 14 * 24 * 60 * 60_000;
/// Changes of one card in a second.
const CHANGES_PER_SECOND: u32 = 5;
/// How often the token of a press can be used.
const TOKEN_USES_MAX: u8 = 2;

/// `PATCH im/v1/messages/*`.
pub(crate) fn patch(state: &mut State, call: &Call) -> Outcome {
    let content = call.needed("content")?.to_owned();
    let message = state.messages.get(call.part(3)).ok_or(Refusal::code(99_992_354))?.clone();
    let Some(before) = message.card.as_ref() else { return Err(Refusal::code(230_001)) };
    if message.by != Actor::App(call.app.clone()) {
        return Err(Refusal::code(230_012));
    }
    if message.recalled_ms.is_some() {
        return Err(Refusal::code(230_011));
    }
    if state.stage.now_ms() > message.create_ms + CARD_LIFE_MS {
        return Err(Refusal::code(230_031));
    }
    let converted = convert(state, &call.app, "interactive", &content)?;
    let card = converted.card.unwrap_or_default();
    if !card::is_changeable(before) || !card::is_changeable(&card) {
        return Err(Refusal::ext(230_099, "ErrCode: 200830; ErrMsg: update_multi is not true"));
    }
    let counted = state.stage.count(&call.app, &message.message_id, &[(1_000, CHANGES_PER_SECOND)]);
    counted.map_err(|_| Refusal::ext(230_020, "card rate limit"))?;
    replace(state, &message.message_id, card);
    Ok(Answer::Data(json!({})))
}

/// Puts another card in place of the one that a message has.
pub(crate) fn replace(state: &mut State, message_id: &str, card: Value) {
    let now = state.stage.now_ms();
    if let Some(message) = state.messages.get_mut(message_id) {
        message.content = card::simplified(&card);
        message.card = Some(card);
        message.update_ms = now;
    }
}

/// `POST interactive/v1/card/update`.
pub(crate) fn update_by_token(state: &mut State, call: &Call) -> Outcome {
    let token = call.needed("token")?;
    if !token.starts_with("c-") {
        return Err(Refusal::code(300_020));
    }
    let card = call.body.get("card").cloned().ok_or(Refusal::code(99_992_402))?;
    let now = state.stage.now_ms();
    let known = state.card_tokens.get_mut(token).ok_or(Refusal::code(300_020))?;
    if known.app != call.app {
        return Err(Refusal::code(200_310));
    }
    if state.messages.get(&known.message).is_none_or(|message| message.recalled_ms.is_some()) {
        return Err(Refusal::code(200_000));
    }
    if known.until_ms < now {
        return Err(Refusal::code(300_030));
    }
    if known.uses >= TOKEN_USES_MAX {
        return Err(Refusal::code(300_040));
    }
    card::check(&card)?;
    known.uses += 1;
    let (message, answered) = (known.message.clone(), known.answered);
    // What comes before the callback's own answer is taken and reverted.
    if answered {
        replace(state, &message, card);
    }
    Ok(Answer::Flat(json!({})))
}

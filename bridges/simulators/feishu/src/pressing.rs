//! A person presses a button of a card and sees what comes of it.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::cards::replace;
use crate::card::{self, Button};
use crate::delivery::{self, Missed};
use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::state::messages::Actor;
use crate::state::{CARD_ACTION, CardToken, Event, State};

/// How long the token of a press can be used to change the card.
const TOKEN_LIFE_MS: u64 = 30 * 60_000;
const NOT_SUBSCRIBED: i64 = 200_340;
const NO_ANSWER: i64 = 200_341;
const WRONG_STATUS: i64 = 200_671;
const WRONG_ANSWER: i64 = 200_672;
const WRONG_CARD: i64 = 200_673;

/// Presses; answers `code` (0, or what is wrong), `toast`, whether the card changed, and the `notice` that the person is
/// shown.
pub(crate) async fn press(
    shared: &Arc<Shared>,
    person: &str,
    message_id: &str,
    button: &str,
    form: Option<Value>,
) -> Result<Value, Refusal> {
    let (mut event, token) = {
        let state = &mut *shared.state.lock();
        match prepare(state, person, message_id, button, form)? {
            Some(prepared) => prepared,
            None => return Ok(wrong(NOT_SUBSCRIBED)),
        }
    };
    let answered = delivery::press(shared, &mut event).await;
    let state = &mut *shared.state.lock();
    if let Some(token) = state.card_tokens.get_mut(&token) {
        token.answered = true;
    }
    let answer = match answered {
        Ok(answer) => answer,
        Err(Missed::NotJson) => return Ok(wrong(WRONG_ANSWER)),
        Err(Missed::Failed(reason)) => {
            let code = if reason.contains("answered") { WRONG_STATUS } else { NO_ANSWER };
            let mut seen = wrong(code);
            seen["reason"] = reason.into();
            return Ok(seen);
        }
    };
    Ok(take(state, message_id, &answer))
}

fn prepare(
    state: &mut State,
    person: &str,
    message_id: &str,
    button: &str,
    form: Option<Value>,
) -> Result<Option<(Event, String)>, Refusal> {
    let message = state.messages.get(message_id).ok_or(Refusal::code(99_992_354))?.clone();
    if !state.chats.get(&message.chat_id).is_some_and(|chat| chat.people.contains(person)) {
        return Err(Refusal::code(232_011));
    }
    if message.recalled_ms.is_some() {
        return Err(Refusal::code(230_011));
    }
    let (Actor::App(app), Some(card)) = (&message.by, &message.card) else {
        return Err(Refusal::code(230_054));
    };
    let buttons = card::buttons(card);
    let by_place = button.parse::<usize>().ok().and_then(|place| buttons.get(place));
    let named = |known: &&Button| known.name == button || known.label == button;
    let button =
        buttons.iter().find(named).or(by_place).ok_or(Refusal::ext(230_001, "there is no such button"))?;
    if !state.app(app)?.hears(CARD_ACTION) {
        return Ok(None);
    }
    let token = state.stage.chance.id("c-", 32);
    let (now, app) = (state.stage.now_ms(), app.clone());
    let kept = CardToken {
        app: app.clone(),
        message: message_id.to_owned(),
        until_ms: now + TOKEN_LIFE_MS,
        uses: 0,
        answered: false,
    };
    state.card_tokens.retain(|_, known| known.until_ms > now);
    state.card_tokens.insert(token.clone(), kept);
    let mut operator = state.ids(&app, person);
    operator["tenant_key"] = state.tenant_of(person).into();
    let mut action = json!({ "value": button.value, "tag": "button", "timezone": "Asia/Shanghai" });
    if !button.name.is_empty() {
        action["name"] = button.name.clone().into();
    }
    if let Some(form) = form {
        action["form_value"] = form;
    }
    let body = json!({
        "operator": operator, "token": token, "action": action, "host": "im_message",
        "context": { "open_message_id": message_id, "open_chat_id": message.chat_id },
    });
    let event_id = state.stage.chance.id("", 32);
    Ok(Some((Event { app, event_id, event_type: CARD_ACTION, create_ms: now, body, order: None }, token)))
}

/// What the person sees when something is wrong.
fn wrong(code: i64) -> Value {
    json!({ "code": code, "notice": format!("操作失败 · code {code}") })
}

/// What the person sees of an answer.
fn take(state: &mut State, message_id: &str, answer: &Value) -> Value {
    let Value::Object(fields) = answer else { return wrong(WRONG_ANSWER) };
    let toast = fields.get("toast");
    let toast_type = toast.map(|toast| toast.get("type").and_then(Value::as_str).unwrap_or("info"));
    if toast_type.is_some_and(|kind| !["info", "success", "error", "warning"].contains(&kind)) {
        return wrong(WRONG_ANSWER);
    }
    let mut changed = false;
    if let Some(card) = fields.get("card") {
        let raw = card.get("type").and_then(Value::as_str) == Some("raw");
        match card.get("data").filter(|data| raw && card::check(data).is_ok()) {
            Some(data) => {
                replace(state, message_id, data.clone());
                changed = true;
            }
            None => return wrong(WRONG_CARD),
        }
    }
    let notice = toast.and_then(|toast| toast.get("content")).and_then(Value::as_str);
    json!({ "code": 0, "toast": toast, "notice": notice, "card_changed": changed })
}

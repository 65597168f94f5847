//! A person presses a button: the callback to the app, and what its answer makes of the card.

use std::sync::Arc;

use serde_json::{Value, json};
use simulator_stage::{Tried, call_back};

use crate::delivery::webhook;
use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::state::cards::Card;
use crate::state::{Push, State, Told};

/// Presses; answers whether the app answered, with `reason` if it did not, and whether the card changed.
pub(crate) async fn press(
    shared: &Arc<Shared>,
    person: &str,
    message: &str,
    button: &str,
    params: Option<Value>,
) -> Result<Value, Refusal> {
    let (id, card, data) = prepare(&mut shared.state.lock(), person, message, button, params)?;
    let answered: Tried<Value> = match &card.route {
        Some((url, secret)) => webhook::post_card(shared, url, secret, &data).await,
        None => {
            let mut push = {
                let state = &mut *shared.state.lock();
                let (push_id, born_ms) = (state.stage.chance.id("", 32), state.stage.now_ms());
                Push {
                    app: card.app.clone(),
                    id: push_id,
                    born_ms,
                    what: Told::Card(data),
                    data: None,
                    tries: 0,
                }
            };
            // Over the stream the answer stands in an envelope.
            let answer = call_back(shared, &mut push).await;
            answer.map(|answer| answer.data.get("response").cloned().unwrap_or_default())
        }
    };
    match answered {
        Ok(answer) => Ok(take(&mut shared.state.lock(), &id, person, &answer)),
        Err(reason) => {
            let notice = format!("操作失败 · {reason}");
            Ok(json!({ "answered": false, "card_changed": false, "reason": reason, "notice": notice }))
        }
    }
}

fn prepare(
    state: &mut State,
    person: &str,
    message: &str,
    button: &str,
    params: Option<Value>,
) -> Result<(String, Card, Value), Refusal> {
    let message = state.messages.get(message).filter(|message| !message.recalled);
    let message = message.ok_or_else(|| Refusal::control("there is no such message, or it was recalled"))?;
    let chat = state.chats.get(&message.chat).filter(|chat| chat.people.contains(person));
    let chat = chat.ok_or_else(|| Refusal::control("the person is not in the chat"))?;
    let id = message.card.clone().ok_or_else(|| Refusal::control("the message is no card"))?;
    let card = state.cards.get(&id).ok_or_else(|| Refusal::control("there is no such card"))?;
    let buttons = card.buttons(Some(person));
    let named = buttons.iter().find(|known| known.id == button || known.label == button);
    let by_place = button.parse::<usize>().ok().and_then(|place| buttons.get(place));
    let pressed = named.or(by_place).ok_or_else(|| Refusal::control("there is no such button"))?;
    let params = params.unwrap_or_else(|| pressed.params.clone());
    let content = json!({ "cardPrivateData": { "actionIds": [pressed.id], "params": params } });
    let (space_type, space_id) = match &chat.direct {
        Some((owner, _)) => ("IM_ROBOT", owner.clone()),
        None => ("IM_GROUP", chat.id.clone()),
    };
    let data = json!({
        "type": "actionCallback", "outTrackId": id, "corpId": state.corp_id, "userId": person,
        "userIdType": 1, "spaceType": space_type, "spaceId": space_id, "extension": "{}",
        "content": content.to_string(),
    });
    Ok((id, card.clone(), data))
}

/// What people see of an answer. Its private part is for the one who pressed.
fn take(state: &mut State, id: &str, person: &str, answer: &Value) -> Value {
    let Some(card) = state.cards.get_mut(id) else {
        return json!({ "answered": true, "card_changed": false });
    };
    let before = (card.variables.clone(), card.private.clone());
    let mut update = json!({});
    if let Some(data) = answer.get("cardData") {
        update["cardData"] = data.clone();
    }
    if let Some(own) = answer.get("userPrivateData") {
        update["privateData"] = json!({ person: own });
    }
    let option = |name: &str| {
        answer.get("cardUpdateOptions").and_then(|options| options.get(name)) == Some(&true.into())
    };
    let taken = card.take(&update, option("updateCardDataByKey"), option("updatePrivateDataByKey"));
    if taken.is_err() {
        (card.variables, card.private) = before;
        return json!({ "answered": true, "card_changed": false, "reason": "the answer is no card" });
    }
    let changed = before != (card.variables.clone(), card.private.clone());
    json!({ "answered": true, "card_changed": changed })
}

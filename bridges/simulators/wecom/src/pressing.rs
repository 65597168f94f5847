//! A person presses a button of a card: the callback, and what its answer makes of the card.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::delivery;
use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::state::messages::Author;
use crate::state::people::folded;
use crate::state::{Event, State};

/// Presses; answers whether whoever made the card answered, with `reason` if not, whether the card changed, and the
/// `notice` that the person is shown.
pub(crate) async fn press(
    shared: &Arc<Shared>,
    person: &str,
    message: &str,
    button: &str,
    selected: &Value,
) -> Result<Value, Refusal> {
    let (mut event, before) = {
        let state = &mut *shared.state.lock();
        (prepare(state, person, message, button, selected)?, face(state, message, person))
    };
    let tried = delivery::bring(shared, &mut event).await;
    let changed = face(&shared.state.lock(), message, person) != before;
    Ok(match tried {
        Ok(_) => json!({ "answered": true, "card_changed": changed, "notice": "" }),
        Err(reason) => json!({
            "answered": false, "card_changed": changed, "reason": reason, "notice": "操作失败，请稍后重试 · try again later",
        }),
    })
}

/// How a card looks to somebody.
fn face(state: &State, message: &str, person: &str) -> Option<(Value, Option<String>)> {
    let card = state.messages.get(message)?.draft.card.as_ref()?;
    let face = card.seen_by(Some(person));
    Some((face.body.clone(), face.replaced.clone()))
}

fn prepare(
    state: &mut State,
    person: &str,
    message: &str,
    button: &str,
    selected: &Value,
) -> Result<Event, Refusal> {
    let message = state.messages.get(message).filter(|message| !message.recalled).cloned();
    let message = message.ok_or_else(|| Refusal::control("there is no such message, or it was recalled"))?;
    state.must_be_in(person, &message.draft.chat)?;
    let card = message.draft.card.as_ref().ok_or_else(|| Refusal::control("the message is no card"))?;
    let face = card.seen_by(Some(person));
    let pressables = face.pressables();
    let named = pressables.iter().find(|one| one.key == button || one.label == button);
    let by_place = button.parse::<usize>().ok().and_then(|place| pressables.get(place));
    let pressed = named.or(by_place).ok_or_else(|| Refusal::control("there is no such button"))?;
    let kind = face.body.get("card_type").and_then(Value::as_str).unwrap_or_default();
    let (task, person) = (card.task_id.clone(), folded(person));
    match &message.by {
        Author::App(agent) => {
            let items: Vec<Value> = chosen(selected)
                .map(|(question, options)| json!({ "QuestionKey": question, "OptionIds": { "OptionId": options } }))
                .collect();
            let mut fields = json!({
                "EventKey": pressed.key, "TaskId": task, "CardType": kind,
                "ResponseCode": state.response_code(*agent, vec![message.id.clone()]),
            });
            if !items.is_empty() {
                fields["SelectedItems"] = json!({ "SelectedItem": items });
            }
            let event = if pressed.menu { "template_card_menu_event" } else { "template_card_event" };
            let person = state.spelled(&person);
            Ok(state.happened(*agent, &person, event, &fields))
        }
        Author::Bot(bot) => {
            let items: Vec<Value> = chosen(selected)
                .map(|(question, options)| {
                    json!({ "question_key": question, "option_ids": { "option_id": options } })
                })
                .collect();
            let data = json!({
                "card_type": kind, "event_key": pressed.key, "task_id": task,
                "selected_items": { "selected_item": items },
            });
            Ok(state.happened_to_bot(bot, "template_card_event", data, &person, &message.draft.chat))
        }
        Author::Webhook(_) | Author::Person(_) | Author::Account(_) => {
            Err(Refusal::control("nobody hears of that card"))
        }
    }
}

/// What was chosen: the ids by each question.
fn chosen(selected: &Value) -> impl Iterator<Item = (&String, &Value)> {
    selected.as_object().into_iter().flatten()
}

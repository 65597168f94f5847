//! The callbacks of apps: XML around XML, tried three times, and the answers that change what people see.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use simulator_stage::Tried;

use super::{payload, seal};
use crate::crypto;
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::state::apps::Address;
use crate::state::cards::CardChange;
use crate::state::messages::{Author, Draft};
use crate::state::{Event, Receiver, State, What};
use crate::xml;

/// Asks an address whether it can decrypt; it must answer the word and nothing else.
///
/// # Errors
/// Why it is not taken.
pub(crate) async fn verify(shared: &Shared, to: &Address, receive_id: &str) -> Result<(), Refusal> {
    let (url, word, within_ms) = {
        let state = &mut *shared.state.lock();
        let word = state.message_number();
        let query = seal::check(state, to, &word, receive_id);
        let query = query.ok_or_else(|| Refusal::control("the address cannot be checked"))?;
        (seal::address(&to.url, &query), word, state.settings.verify_within_ms)
    };
    let answer = simulator_stage::ask(&url, within_ms).await.map_err(|reason| Refusal::control(&reason))?;
    if answer == word.as_bytes() {
        return Ok(());
    }
    Err(Refusal::control("the address did not answer the decrypted word"))
}

/// Posts an event to its app; the answer is what it said, decrypted, or null.
pub(crate) async fn post(shared: &Arc<Shared>, event: &Event) -> Tried<Value> {
    let Receiver::App(agent) = event.to else { return Err("it is not for an app".to_owned()) };
    let unknown = shared.state.lock().stage.faults.strikes(Fault::CallbackUnknown);
    if unknown {
        let strange =
            json!({ "FromUserName": "sys", "MsgType": "event", "Event": "nobody_knows", "AgentID": agent });
        send(shared, agent, strange).await.map(drop).unwrap_or_else(|reason| {
            tracing::debug!(%reason, "an event that nobody knows was not taken");
        });
    }
    let fields = payload::for_app(&mut shared.state.lock(), event).ok_or("there is nothing to say")?;
    let answer = send(shared, agent, fields).await?;
    take(&mut shared.state.lock(), agent, event, &answer);
    Ok(answer)
}

async fn send(shared: &Shared, agent: u64, mut fields: Value) -> Tried<Value> {
    let (post, address, within_ms) = {
        let state = &mut *shared.state.lock();
        let app = state.apps.get(&agent).and_then(|app| app.callback.clone());
        let address = app.ok_or("no address is set")?;
        let corp_id = state.corp_id.clone();
        fields["ToUserName"] = corp_id.clone().into();
        seal::fill(state, &mut fields);
        // Approvals and the like come from an app of the platform's own.
        let from = fields.get("AgentID").and_then(Value::as_u64).unwrap_or(agent);
        let sealed = seal::seal(state, &address, &xml::write(&fields), &corp_id).ok_or("the key is none")?;
        let outer =
            json!({ "ToUserName": corp_id, "AgentID": from.to_string(), "Encrypt": sealed.encrypted });
        let post = seal::post(&address, &sealed.query, "text/xml", xml::write(&outer));
        (post, address, state.settings.answer_within_ms)
    };
    let answer = post.send_and_replay(shared, within_ms).await?;
    let text = String::from_utf8_lossy(&answer);
    if text.trim().is_empty() || text.trim() == "success" {
        return Ok(Value::Null);
    }
    read(&address, &text)
}

/// Reads a passive answer; one that is signed or encrypted wrongly is none.
fn read(address: &Address, text: &str) -> Tried<Value> {
    let outer = xml::read(text).ok_or("the answer is no XML")?;
    let part = |name: &str| outer.get(name).and_then(Value::as_str).unwrap_or_default();
    let encrypted = part("Encrypt");
    let expected = crypto::signature(&address.token, part("TimeStamp"), part("Nonce"), encrypted);
    if part("MsgSignature") != expected {
        return Err("the answer is not signed rightly".to_owned());
    }
    let (inner, _) = crypto::open(&address.key, encrypted)?;
    xml::read(&inner).ok_or_else(|| "the answer holds no XML".to_owned())
}

/// What a passive answer makes people see.
fn take(state: &mut State, agent: u64, event: &Event, answer: &Value) {
    let part = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
    let asked = match &event.what {
        What::Message(message) => state.messages.get(message).map(|message| message.by.id()),
        What::Happened(fields) => fields.get("FromUserName").and_then(Value::as_str).map(str::to_owned),
        What::Bot { .. } => None,
    };
    let (Some(person), kind) = (asked, part("MsgType")) else { return };
    let inner = |name: &str, field: &str| {
        answer
            .get(name)
            .and_then(|inner| inner.get(field))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (kind, content, media) = match kind {
        "text" => ("text", json!({ "content": part("Content") }), None),
        "image" | "voice" | "video" => {
            let name = if kind == "image" {
                "Image"
            } else if kind == "voice" {
                "Voice"
            } else {
                "Video"
            };
            let media = inner(name, "MediaId");
            (kind, json!({ "media_id": media, "title": inner(name, "Title") }), Some(media))
        }
        "news" => (
            "news",
            json!({ "articles": lowered(answer.get("Articles").and_then(|all| all.get("item"))) }),
            None,
        ),
        "update_button" => {
            let change = CardChange::Replaced(inner("Button", "ReplaceName"));
            return change_pressed(state, event, &person, &change);
        }
        "update_template_card" => {
            let card = lowered(answer.get("TemplateCard"));
            return change_pressed(state, event, &person, &CardChange::Card(card));
        }
        _ => return,
    };
    let Ok(chat) = state.direct_chat(&person, &Receiver::App(agent)) else { return };
    let draft = Draft { chat, kind: kind.to_owned(), content, media, ..Draft::default() };
    if let Err(error) = state.say(Author::App(agent), draft) {
        tracing::warn!(%error, "a passive answer was not said");
    }
}

/// Changes the card that was pressed, for the one who pressed.
fn change_pressed(state: &mut State, event: &Event, person: &str, change: &CardChange) {
    let What::Happened(fields) = &event.what else { return };
    let task = fields.get("TaskId").and_then(Value::as_str).unwrap_or_default();
    let shown: Vec<String> = state
        .messages
        .values()
        .filter(|message| message.draft.card.as_ref().is_some_and(|card| card.task_id == task))
        .filter(|message| message.by.id() == event.to.id())
        .map(|message| message.id.clone())
        .collect();
    for message in shown {
        state.change_card(&message, Some(&[person.to_owned()]), change);
    }
}

/// The names of a card's fields as JSON has them: `MainTitle` is `main_title`.
fn lowered(value: Option<&Value>) -> Value {
    let name = |name: &str| {
        let mut lowered = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !lowered.is_empty() {
                lowered.push('_');
            }
            lowered.extend(letter.to_lowercase());
        }
        lowered
    };
    match value {
        Some(Value::Object(fields)) => Value::Object(
            fields.iter().map(|(key, value)| (name(key), lowered(Some(value)))).collect::<Map<_, _>>(),
        ),
        Some(Value::Array(items)) => items.iter().map(|item| lowered(Some(item))).collect(),
        Some(other) => other.clone(),
        None => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_a_passive_card_are_those_of_a_card() {
        let card = json!({ "CardType": "text_notice", "MainTitle": { "Title": "Done" } });
        assert_eq!(
            lowered(Some(&card)),
            json!({ "card_type": "text_notice", "main_title": { "title": "Done" } })
        );
    }
}

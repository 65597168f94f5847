//! What people see: the messages of a chat, who there is, how pushes fared.

use serde_json::{Value, json};

use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::cards::Card;
use crate::state::messages::{Author, Message};

/// The messages of a chat, oldest first.
pub(crate) fn chat(state: &State, chat: &str, person: Option<&str>) -> Result<Value, Refusal> {
    if !state.chats.contains_key(chat) {
        return Err(Refusal::control("there is no such chat"));
    }
    let mut messages: Vec<&Message> =
        state.messages.values().filter(|message| message.chat == chat).collect();
    messages.sort_by_key(|message| message.number);
    let shown: Vec<Value> = messages.into_iter().map(|message| one(state, message, person)).collect();
    Ok(json!({ "messages": shown }))
}

/// The chat of a message.
pub(crate) fn place(state: &State, message: &str) -> Result<Value, Refusal> {
    let message = state.messages.get(message);
    let message = message.ok_or_else(|| Refusal::control("there is no such message"))?;
    Ok(json!({ "chat_id": message.chat }))
}

fn one(state: &State, message: &Message, person: Option<&str>) -> Value {
    let card = message.card.as_ref().and_then(|id| state.cards.get(id));
    let buttons: Vec<Value> = card
        .iter()
        .flat_map(|card| card.buttons(person))
        .map(|button| json!({ "id": button.id, "label": button.label }))
        .collect();
    let reactions: Vec<Value> =
        message.reactions.iter().map(|(text, by)| json!({ "emoji": text, "by": by })).collect();
    json!({
        "message_id": message.id, "by": message.by.id(), "name": state.name_of(message.by.id()),
        "is_bot": !matches!(message.by, Author::Person(_)), "kind": message.kind,
        "text": if message.recalled { String::new() } else { words(state, message, card, person) },
        "content": if message.recalled { Value::Null } else { message.content.clone() },
        "card": card.map(|card| card.seen_by(person)), "out_track_id": message.card,
        "template": card.map(|card| &card.template),
        "mentions": message.at, "parent": message.reply_to, "query_key": message.query_key,
        "create_ms": message.created_ms, "recalled": message.recalled, "read_by": message.read_by,
        "reactions": reactions, "buttons": buttons,
    })
}

/// The words of a message.
fn words(state: &State, message: &Message, card: Option<&Card>, person: Option<&str>) -> String {
    let text = |name: &str| message.content.get(name).and_then(Value::as_str).unwrap_or_default();
    if let Some(card) = card {
        let seen = card.seen_by(person);
        let part = |name: &str| seen.get(name).map_or("", String::as_str);
        let body = if part("text").is_empty() { part("content") } else { part("text") };
        return format!("{}\n{body}", part("title")).trim().to_owned();
    }
    let mut words = match message.kind.as_str() {
        "text" | "sampleText" => text("content").to_owned(),
        "markdown" | "sampleMarkdown" => text("text").to_owned(),
        "richText" => {
            let parts = message.content.get("richText").and_then(Value::as_array);
            let word =
                |part: &Value| part.get("text").and_then(Value::as_str).unwrap_or("[picture]").to_owned();
            parts.into_iter().flatten().map(word).collect()
        }
        kind => {
            let named = ["fileName", "title", "unknownMsgType"].map(text);
            let name = named.iter().find(|name| !name.is_empty()).copied().unwrap_or_default();
            format!("[{kind}] {name}\n{}", text("text")).trim().to_owned()
        }
    };
    for at in &message.at {
        let (written, name) = (format!("@{at}"), format!("@{}", state.name_of(at)));
        if words.contains(&written) {
            words = words.replace(&written, &name);
        } else if matches!(message.by, Author::Person(_)) {
            // People write mentions before their words.
            words = format!("{name} {words}");
        }
    }
    words
}

/// People, apps and chats; with a person, their chats alone.
pub(crate) fn overview(state: &State, person: Option<&str>) -> Value {
    let people: Vec<Value> = state
        .people
        .values()
        .map(|person| {
            json!({
                "user_id": person.user_id, "union_id": person.union_id, "name": person.name,
                "resigned": person.resigned, "outside": person.outside,
            })
        })
        .collect();
    let apps: Vec<Value> = state
        .apps
        .values()
        .map(|app| {
            json!({
                "app_id": app.client_id, "name": app.name, "agent_id": app.agent_id,
                "webhook": app.robot_url, "event_webhook": app.events.as_ref().map(|events| &events.url),
            })
        })
        .collect();
    let mut chats: Vec<_> = state
        .chats
        .values()
        .filter(|chat| person.is_none_or(|person| chat.people.contains(person)))
        .collect();
    chats.sort_by_key(|chat| chat.number);
    let chats: Vec<Value> = chats
        .into_iter()
        .map(|chat| {
            let name = chat.direct.as_ref().map_or(chat.title.clone(), |(_, app)| state.name_of(app));
            json!({
                "chat_id": chat.id, "old_chat_id": chat.chat_id, "name": name,
                "direct": chat.direct.is_some(), "dissolved": chat.disbanded, "people": chat.people,
                "bots": chat.robots,
            })
        })
        .collect();
    json!({
        "people": people, "apps": apps, "chats": chats, "now_ms": state.now_ms(), "corp_id": state.corp_id,
        "calls_left": state.calls_left, "pushes_left": state.pushes_left,
    })
}

/// How pushes fared.
pub(crate) fn deliveries(state: &State) -> Value {
    let lines = state.deliveries.iter().map(|delivery| {
        json!({
            "app": delivery.app, "id": delivery.id, "what": delivery.what, "try": delivery.try_number,
            "outcome": delivery.outcome,
        })
    });
    lines.collect()
}

/// Every fault.
pub(crate) fn faults() -> Value {
    Fault::ALL
        .iter()
        .map(|fault| json!({ "name": fault.name(), "description": fault.description() }))
        .collect()
}

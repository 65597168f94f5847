//! What people see: the messages of a chat, who there is, how events fared.

use serde_json::{Value, json};

use crate::card;
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::apps::Way;
use crate::state::messages::{Actor, Message};

/// The messages of a chat, oldest first.
pub(crate) fn chat(state: &State, chat_id: &str) -> Result<Value, Refusal> {
    if !state.chats.contains_key(chat_id) {
        return Err(Refusal::code(232_006));
    }
    let mut messages: Vec<&Message> =
        state.messages.values().filter(|message| message.chat_id == chat_id).collect();
    messages.sort_by_key(|message| message.number);
    let shown: Vec<Value> = messages.into_iter().map(|message| one(state, message)).collect();
    Ok(json!({ "messages": shown }))
}

fn one(state: &State, message: &Message) -> Value {
    let reactions: Vec<Value> = message
        .reactions
        .iter()
        .map(|reaction| json!({ "emoji": reaction.emoji_type, "by": reaction.by.id() }))
        .collect();
    let buttons: Vec<String> =
        message.card.iter().flat_map(card::buttons).map(|button| button.label).collect();
    let mentions: Vec<&str> =
        message.mentions.iter().map(|mention| mention.who.as_deref().unwrap_or("all")).collect();
    let recalled = message.recalled_ms.is_some();
    json!({
        "message_id": message.message_id, "by": message.by.id(), "name": state.name_of(message.by.id()),
        "is_bot": matches!(message.by, Actor::App(_)), "kind": message.kind,
        "text": if recalled { String::new() } else { plain(state, message) },
        "content": if recalled { Value::Null } else { message.content.clone() }, "card": message.card,
        "mentions": mentions, "parent": message.parent, "thread": message.thread,
        "create_ms": message.create_ms, "edits": message.edits, "recalled": recalled,
        "reactions": reactions, "buttons": buttons,
    })
}

/// The words of a message.
fn plain(state: &State, message: &Message) -> String {
    let mut text = match message.kind.as_str() {
        "text" => message.content["text"].as_str().unwrap_or_default().to_owned(),
        "post" => lines(&message.content, "content"),
        "interactive" => lines(&message.content, "elements"),
        kind => {
            let name = message.content.get("file_name").and_then(Value::as_str);
            name.map_or_else(|| format!("[{kind}]"), |name| format!("[{kind}] {name}"))
        }
    };
    // From the last to the first: `@_user_1` begins `@_user_12`.
    for mention in message.mentions.iter().rev() {
        let name = mention.who.as_ref().map_or_else(|| "everybody".to_owned(), |who| state.name_of(who));
        text = text.replace(&mention.key, &format!("@{name}"));
    }
    text
}

fn lines(content: &Value, name: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(content["title"].as_str().filter(|title| !title.is_empty()).map(str::to_owned));
    for line in content[name].as_array().into_iter().flatten() {
        let nodes = line.as_array().into_iter().flatten();
        let words = nodes.map(|node| match node["tag"].as_str().unwrap_or_default() {
            "at" => node["user_id"].as_str().unwrap_or_default().to_owned(),
            "img" | "media" => format!("[{}]", node["tag"].as_str().unwrap_or_default()),
            "hr" => "---".to_owned(),
            "emotion" => format!("[{}]", node["emoji_type"].as_str().unwrap_or_default()),
            "button" => String::new(),
            _ => node["text"].as_str().unwrap_or_default().to_owned(),
        });
        lines.push(words.collect::<String>());
    }
    lines.join("\n").trim_end().to_owned()
}

/// People, apps and chats; with a person, their chats alone.
pub(crate) fn overview(state: &State, person: Option<&str>) -> Value {
    let people: Vec<Value> = state
        .people
        .values()
        .map(|person| json!({ "user_id": person.user_id, "name": person.name, "resigned": person.resigned }))
        .collect();
    let apps: Vec<Value> = state
        .apps
        .values()
        .map(|app| {
            json!({
                "app_id": app.app_id, "name": app.name,
                "webhook": match &app.way { Way::LongConnection => None, Way::Webhook(url) => Some(url) },
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
            let name = chat.direct.as_ref().map_or(chat.name.clone(), |(_, app)| state.name_of(app));
            json!({
                "chat_id": chat.chat_id, "name": name, "direct": chat.direct.is_some(),
                "dissolved": chat.dissolved, "people": chat.people, "bots": chat.bots,
            })
        })
        .collect();
    json!({ "people": people, "apps": apps, "chats": chats, "now_ms": state.now_ms() })
}

/// How events fared.
pub(crate) fn deliveries(state: &State) -> Value {
    let lines = state.deliveries.iter().map(|delivery| {
        json!({
            "app": delivery.app, "event_id": delivery.event_id, "event_type": delivery.event_type,
            "try": delivery.try_number, "outcome": delivery.outcome,
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

//! What people see: the messages of a chat, and who there is.

use serde_json::{Value, json};
use simulator_stage::{App, Attachment, Button, Chat, Message as Shown, Overview, Person, Reaction, fields};

use crate::card;
use crate::refusal::Refusal;
use crate::simulator::Shared;
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
    let shown: Vec<Shown> = messages.into_iter().map(|message| one(state, message)).collect();
    Ok(simulator_stage::messages(&shown))
}

fn one(state: &State, message: &Message) -> Shown {
    let reactions = message.reactions.iter();
    let buttons = message.card.iter().flat_map(card::buttons).enumerate();
    let mentions = message.mentions.iter();
    let recalled = message.recalled_ms.is_some();
    Shown {
        message_id: message.message_id.clone(),
        by: message.by.id().to_owned(),
        name: state.name_of(message.by.id()),
        is_bot: matches!(message.by, Actor::App(_)),
        kind: message.kind.clone(),
        text: if recalled { String::new() } else { plain(state, message) },
        is_card: message.card.is_some(),
        recalled,
        edits: message.edits.into(),
        create_ms: message.create_ms,
        parent: message.parent.clone(),
        mentions: mentions.map(|mention| mention.who.clone().unwrap_or_else(|| "all".to_owned())).collect(),
        reactions: reactions
            .map(|one| Reaction { emoji: one.emoji_type.clone(), by: one.by.id().to_owned() })
            .collect(),
        buttons: buttons.map(|(place, one)| Button { id: place.to_string(), label: one.label }).collect(),
        fields: message.card.iter().flat_map(card::inputs).collect(),
        attachments: if recalled { Vec::new() } else { attachments(message) },
        more: fields(json!({
            "content": if recalled { Value::Null } else { message.content.clone() },
            "card": message.card, "thread": message.thread,
        })),
    }
}

/// The picture or the file of a message.
fn attachments(message: &Message) -> Vec<Attachment> {
    let text = |name: &str| message.content.get(name).and_then(Value::as_str).unwrap_or_default();
    let (key, is_image) = match message.kind.as_str() {
        "image" => (text("image_key"), true),
        "file" | "audio" | "media" => (text("file_key"), false),
        _ => return Vec::new(),
    };
    vec![Attachment { key: key.to_owned(), name: text("file_name").to_owned(), is_image }]
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
pub(crate) fn overview(shared: &Shared, person: Option<&str>) -> Value {
    let state = &*shared.state.lock();
    let people = state.people.values().map(|person| Person {
        user_id: person.user_id.clone(),
        name: person.name.clone(),
        more: fields(json!({ "resigned": person.resigned })),
    });
    let apps = state.apps.values().map(|app| App {
        app_id: app.app_id.clone(),
        name: app.name.clone(),
        connections: shared.hub.count(&app.app_id),
        more: fields(json!({
            "webhook": match &app.way { Way::LongConnection => None, Way::Webhook(url) => Some(url) },
        })),
    });
    let mut chats: Vec<_> = state
        .chats
        .values()
        .filter(|chat| person.is_none_or(|person| chat.people.contains(person)))
        .collect();
    chats.sort_by_key(|chat| chat.number);
    let chats = chats.into_iter().map(|chat| Chat {
        chat_id: chat.chat_id.clone(),
        name: chat.direct.as_ref().map_or(chat.name.clone(), |(_, app)| state.name_of(app)),
        direct: chat.direct.is_some(),
        dissolved: chat.dissolved,
        people: chat.people.iter().cloned().collect(),
        bots: chat.bots.iter().cloned().collect(),
        ..Chat::default()
    });
    json!(Overview {
        people: people.collect(),
        apps: apps.collect(),
        chats: chats.collect(),
        now_ms: state.stage.now_ms(),
        ..Overview::default()
    })
}

//! What people see: the messages of a chat, and who there is.

use serde_json::{Value, json};
use simulator_stage::{App, Attachment, Button, Chat, Message as Shown, Overview, Person, Reaction, fields};

use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::state::State;
use crate::state::cards::Card;
use crate::state::messages::{Author, Message};

/// The messages of a chat, oldest first; cards as `person` sees them.
pub(crate) fn chat(state: &State, chat: &str, person: Option<&str>) -> Result<Value, Refusal> {
    if !state.chats.contains_key(chat) {
        return Err(Refusal::control("there is no such chat"));
    }
    let mut messages: Vec<&Message> =
        state.messages.values().filter(|message| message.chat == chat).collect();
    messages.sort_by_key(|message| message.number);
    let shown: Vec<Shown> = messages.into_iter().map(|message| one(state, message, person)).collect();
    Ok(simulator_stage::messages(&shown))
}

/// The chat of a message.
pub(crate) fn place(state: &State, message: &str) -> Result<Value, Refusal> {
    let message = state.messages.get(message);
    let message = message.ok_or_else(|| Refusal::control("there is no such message"))?;
    Ok(json!({ "chat_id": message.chat }))
}

fn one(state: &State, message: &Message, person: Option<&str>) -> Shown {
    let card = message.card.as_ref().and_then(|id| state.cards.get(id));
    let buttons = card.iter().flat_map(|card| card.buttons(person));
    let reactions = message.reactions.iter();
    let reactions = reactions.flat_map(|(emoji, by)| by.iter().map(move |by| (emoji.clone(), by.clone())));
    Shown {
        message_id: message.id.clone(),
        by: message.by.id().to_owned(),
        name: state.name_of(message.by.id()),
        is_bot: !matches!(message.by, Author::Person(_)),
        kind: message.kind.clone(),
        text: if message.recalled { String::new() } else { words(state, message, card, person) },
        is_card: card.is_some(),
        recalled: message.recalled,
        create_ms: message.created_ms,
        parent: message.reply_to.clone(),
        mentions: message.at.clone(),
        reactions: reactions.map(|(emoji, by)| Reaction { emoji, by }).collect(),
        buttons: buttons.map(|button| Button { id: button.id, label: button.label }).collect(),
        attachments: if message.recalled { Vec::new() } else { attachments(&message.content) },
        more: fields(json!({
            "content": if message.recalled { Value::Null } else { message.content.clone() },
            "card": card.map(|card| card.seen_by(person)), "out_track_id": message.card,
            "template": card.map(|card| &card.template), "query_key": message.query_key,
            "read_by": message.read_by,
        })),
        ..Shown::default()
    }
}

/// What was uploaded and hangs on a message of this content.
fn attachments(content: &Value) -> Vec<Attachment> {
    let text = |name: &str| content.get(name).and_then(Value::as_str).unwrap_or_default();
    let uploaded = |key: &str| key.starts_with("@lA");
    let named = ["key", "mediaId", "videoMediaId", "photoURL"].into_iter().map(text);
    let found = named.filter(|key| uploaded(key)).map(|key| {
        let is_image = key == text("photoURL") || key == text("key") && text("fileName").is_empty();
        Attachment { key: key.to_owned(), name: text("fileName").to_owned(), is_image }
    });
    found.collect()
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
pub(crate) fn overview(shared: &Shared, person: Option<&str>) -> Value {
    let state = &*shared.state.lock();
    let people = state.people.values().map(|person| Person {
        user_id: person.user_id.clone(),
        name: person.name.clone(),
        more: fields(json!({
            "union_id": person.union_id, "resigned": person.resigned, "outside": person.outside,
        })),
    });
    let apps = state.apps.values().map(|app| App {
        app_id: app.client_id.clone(),
        name: app.name.clone(),
        connections: shared.hub.count(&app.client_id),
        more: fields(json!({
            "agent_id": app.agent_id, "webhook": app.robot_url,
            "event_webhook": app.events.as_ref().map(|events| &events.url),
        })),
    });
    let mut chats: Vec<_> = state
        .chats
        .values()
        .filter(|chat| person.is_none_or(|person| chat.people.contains(person)))
        .collect();
    chats.sort_by_key(|chat| chat.number);
    let chats = chats.into_iter().map(|chat| Chat {
        chat_id: chat.id.clone(),
        name: chat.direct.as_ref().map_or(chat.title.clone(), |(_, app)| state.name_of(app)),
        direct: chat.direct.is_some(),
        dissolved: chat.disbanded,
        people: chat.people.iter().cloned().collect(),
        bots: chat.robots.iter().cloned().collect(),
        more: fields(json!({ "old_chat_id": chat.chat_id })),
    });
    json!(Overview {
        people: people.collect(),
        apps: apps.collect(),
        chats: chats.collect(),
        now_ms: state.stage.now_ms(),
        more: fields(json!({
            "corp_id": state.corp_id, "calls_left": state.calls_left, "pushes_left": state.pushes_left,
        })),
    })
}

//! What people see: the messages of a chat, and who there is.

use serde_json::{Value, json};
use simulator_stage::{self as stage, Attachment, Button, Overview, fields};

use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::state::State;
use crate::state::cards::Face;
use crate::state::messages::{Author, Message};
use crate::state::{Receiver, people::folded};

/// The messages of a chat, oldest first.
pub(crate) fn chat(state: &State, chat: &str, person: Option<&str>) -> Result<Value, Refusal> {
    let id = &state.chat(chat)?.id;
    let mut messages: Vec<&Message> =
        state.messages.values().filter(|message| message.draft.chat == *id).collect();
    messages.sort_by_key(|message| message.number);
    let shown: Vec<stage::Message> =
        messages.into_iter().map(|message| one(state, message, person)).collect();
    Ok(stage::messages(&shown))
}

/// The chat of a message.
pub(crate) fn place(state: &State, message: &str) -> Result<Value, Refusal> {
    let message = state.messages.get(message);
    let message = message.ok_or_else(|| Refusal::control("there is no such message"))?;
    Ok(json!({ "chat_id": message.draft.chat }))
}

fn author(state: &State, by: &Author) -> (String, String, &'static str) {
    let id = by.id();
    match by {
        Author::Person(person) => {
            let name = state.called(person).unwrap_or(id);
            (state.spelled(person), name, "person")
        }
        Author::App(agent) => (id, state.name_of_receiver(&Receiver::App(*agent)), "app"),
        Author::Bot(bot) => (id, state.name_of_receiver(&Receiver::Bot(bot.clone())), "bot"),
        Author::Webhook(key) => {
            let name = state.webhooks.get(key).map(|webhook| webhook.name.clone());
            (id, name.unwrap_or_default(), "webhook")
        }
        Author::Account(account) => {
            (id, state.name_of_receiver(&Receiver::Account(account.clone())), "service")
        }
    }
}

fn one(state: &State, message: &Message, person: Option<&str>) -> stage::Message {
    let draft = &message.draft;
    let face = draft.card.as_ref().map(|card| card.seen_by(person));
    let (by, name, via) = author(state, &message.by);
    let media = draft.media.as_ref().and_then(|key| state.media.get(key).map(|media| (key, media)));
    let attachments = media.map(|(key, media)| Attachment {
        key: key.clone(),
        name: media.name.clone(),
        is_image: media.kind == "image",
    });
    let pressables = face.map(Face::pressables).unwrap_or_default();
    stage::Message {
        message_id: message.id.clone(),
        by,
        name,
        is_bot: via != "person",
        kind: draft.kind.clone(),
        text: if message.recalled { String::new() } else { words(state, message, face) },
        is_card: face.is_some(),
        recalled: message.recalled,
        edits: message.edits,
        create_ms: message.created_ms,
        parent: draft.reply_to.clone(),
        mentions: draft.at.clone(),
        buttons: pressables.into_iter().map(|one| Button { id: one.key, label: one.label }).collect(),
        attachments: attachments.filter(|_| !message.recalled).into_iter().collect(),
        more: fields(json!({
            "via": via, "content": if message.recalled { &Value::Null } else { &draft.content },
            "msgid": draft.msgid, "req_id": draft.req_id, "media": draft.media, "finished": draft.finished,
            "task_id": draft.card.as_ref().map(|card| &card.task_id), "card": face.map(|face| &face.body),
            "replaced": face.and_then(|face| face.replaced.as_ref()),
        })),
        ..stage::Message::default()
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The words of a message.
fn words(state: &State, message: &Message, face: Option<&Face>) -> String {
    let content = &message.draft.content;
    let said = match message.draft.kind.as_str() {
        "text" | "markdown" | "markdown_v2" | "stream" => text(content, "content").to_owned(),
        "voice" => text(content, "content").to_owned(),
        "image" | "video" | "file" => String::new(),
        "textcard" => format!("{}\n{}", text(content, "title"), text(content, "description")),
        "news" | "mpnews" => {
            let articles = content.get("articles").and_then(Value::as_array);
            let titles: Vec<&str> = articles.into_iter().flatten().map(|one| text(one, "title")).collect();
            titles.join("\n")
        }
        "mixed" => {
            let items = content.get("items").and_then(Value::as_array);
            let parts: Vec<&str> = items.into_iter().flatten().map(|one| text(one, "text")).collect();
            parts.join(" ")
        }
        "location" => format!("[位置] {}", text(content, "label")),
        "msgmenu" => text(content, "head_content").to_owned(),
        "link" => format!("[链接] {} {}", text(content, "title"), text(content, "url")),
        "template_card" => String::new(),
        kind => format!("[{kind}]"),
    };
    let said = named(state, &said, message);
    match face {
        Some(face) => {
            [said, card(face)].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
        }
        None => said,
    }
}

/// With the names of those who are mentioned.
fn named(state: &State, said: &str, message: &Message) -> String {
    let mut said = said.to_owned();
    for at in &message.draft.at {
        let person = state.person(at).map(|person| person.name.clone());
        let name = match person {
            Ok(name) => name,
            Err(_) if at == "all" => "所有人".to_owned(),
            Err(_) => state.name_of_receiver(&Receiver::Bot(at.clone())),
        };
        let written = [format!("<@{at}>"), format!("<@{}>", folded(at))];
        if let Some(written) = written.iter().find(|written| said.contains(written.as_str())) {
            said = said.replace(written.as_str(), &format!("@{name}"));
        } else if matches!(message.by, Author::Person(_)) {
            // People write mentions before their words.
            said = format!("@{name} {said}");
        } else {
            said = format!("{said} @{name}");
        }
    }
    said
}

/// The words of a card but for its buttons.
fn card(face: &Face) -> String {
    let body = &face.body;
    let part =
        |name: &str, inner: &str| body.get(name).map(|part| text(part, inner).to_owned()).unwrap_or_default();
    let mut lines = vec![
        part("source", "desc"),
        part("main_title", "title"),
        part("main_title", "desc"),
        part("emphasis_content", "title"),
        text(body, "sub_title_text").to_owned(),
        part("quote_area", "quote_text"),
    ];
    let rows = body.get("horizontal_content_list").and_then(Value::as_array);
    lines.extend(
        rows.into_iter().flatten().map(|row| format!("{}: {}", text(row, "keyname"), text(row, "value"))),
    );
    lines.extend(face.replaced.clone());
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// People, apps, bots, webhooks and chats; with a person, their chats alone.
pub(crate) fn overview(shared: &Shared, person: Option<&str>) -> Value {
    let bots: Vec<(String, usize)> = {
        let ids: Vec<String> = shared.state.lock().bots.keys().cloned().collect();
        ids.into_iter().map(|bot| (bot.clone(), shared.hub.count(&bot))).collect()
    };
    let state = shared.state.lock();
    let chats_of = person.map(folded);
    let person = |person: &crate::state::people::Person| stage::Person {
        user_id: person.user_id.clone(),
        name: person.name.clone(),
        more: fields(json!({
            "open_userid": person.open_userid, "departments": person.departments, "disabled": person.disabled,
        })),
    };
    // They read and write on the page like everybody.
    let customers = state.service.customers.values().map(|customer| stage::Person {
        user_id: customer.external_userid.clone(),
        name: format!("{}（微信）", customer.name),
        more: fields(json!({ "customer": true })),
    });
    let apps = state.apps.values().map(|app| stage::App {
        app_id: app.agent_id.to_string(),
        name: app.name.clone(),
        connections: 0,
        more: fields(json!({ "kind": "app", "callback": app.callback.as_ref().map(|to| &to.url) })),
    });
    let bots = state.bots.values().map(|bot| stage::App {
        app_id: bot.id.clone(),
        name: bot.name.clone(),
        connections: bots.iter().find(|(id, _)| *id == bot.id).map_or(0, |(_, count)| *count),
        more: fields(json!({ "kind": "bot", "callback": bot.callback.as_ref().map(|to| &to.url) })),
    });
    let is_theirs =
        |chat: &&crate::state::chats::Chat| chats_of.as_ref().is_none_or(|one| chat.people.contains(one));
    let mut known: Vec<_> = state.chats.values().filter(is_theirs).collect();
    known.sort_by_key(|chat| chat.number);
    let people_of =
        |chat: &crate::state::chats::Chat| chat.people.iter().map(|one| state.spelled(one)).collect();
    let chats = known.into_iter().map(|chat| stage::Chat {
        chat_id: chat.id.clone(),
        name: state.chat_name(chat),
        direct: chat.direct.is_some(),
        dissolved: chat.dissolved,
        people: people_of(chat),
        bots: match &chat.direct {
            Some((_, with)) => vec![with.id()],
            None => chat.bots.iter().cloned().collect(),
        },
        more: fields(json!({
            "owner": state.spelled(&chat.owner), "made_by": chat.made_by.as_ref().map(|(app, _)| app),
            "appchat_id": chat.made_by.as_ref().map(|(_, id)| id),
        })),
    });
    let overview = Overview {
        people: state.people.values().map(person).chain(customers).collect(),
        apps: apps.chain(bots).collect(),
        chats: chats.collect(),
        now_ms: state.now_ms(),
        more: fields(json!({
            "corp_id": state.corp_id,
            "departments": state.departments.iter().map(|(id, one)| json!({
                "department_id": id, "name": one.name, "parent": one.parent,
            })).collect::<Vec<_>>(),
            "webhooks": state.webhooks.iter().map(|(key, one)| json!({
                "key": key, "chat_id": one.chat, "name": one.name, "removed": one.removed,
            })).collect::<Vec<_>>(),
        })),
    };
    json!(overview)
}

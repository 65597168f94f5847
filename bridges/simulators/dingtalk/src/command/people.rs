//! What people do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use simulator_stage::{Said, Words};

use super::Command;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::logins::Kind;
use crate::state::media::Media;
use crate::state::messages::{Author, Draft};

/// The kinds that people can send.
const KINDS: &[&str] = &[
    "text",
    "picture",
    "richText",
    "audio",
    "video",
    "file",
    "unknownMsgType",
    "interactiveCard",
    "chatRecord",
];
/// What cannot mention anybody, so that robots in groups never hear it.
const SILENT_IN_GROUPS: &[&str] = &["audio", "video", "file"];

fn is_in_chat(state: &State, person: &str, chat: &str) -> Result<(), Refusal> {
    let known = state.chats.get(chat).filter(|chat| !chat.disbanded);
    let known = known.ok_or_else(|| Refusal::control("there is no such chat, or it is disbanded"))?;
    if known.people.contains(person) {
        Ok(())
    } else {
        Err(Refusal::control("the person is not in the chat"))
    }
}

fn say(state: &mut State, person: String, draft: Draft) -> Result<Value, Refusal> {
    is_in_chat(state, &person, &draft.chat)?;
    if !KINDS.contains(&draft.kind.as_str()) {
        return Err(Refusal::control("there is no such kind of message"));
    }
    let in_group = state.chats.get(&draft.chat).is_some_and(|chat| chat.direct.is_none());
    if in_group && SILENT_IN_GROUPS.contains(&draft.kind.as_str()) && !draft.at.is_empty() {
        return Err(Refusal::control("in a group this kind cannot mention anybody"));
    }
    let unknown =
        |who: &&String| *who != "all" && !state.people.contains_key(*who) && !state.apps.contains_key(*who);
    if let Some(unknown) = draft.at.iter().find(unknown) {
        return Err(Refusal::control(&format!("there is no such person or app: {unknown}")));
    }
    Ok(json!({ "message_id": state.say(Author::Person(person), draft)? }))
}

/// Does what a person does.
pub(super) fn apply(state: &mut State, command: Command) -> Result<Value, Refusal> {
    match command {
        Command::Speak(Words { person, chat, text, at, reply_to }) => {
            let (kind, content) = ("text".to_owned(), json!({ "content": text }));
            say(state, person, Draft { chat, kind, content, at, reply_to, ..Draft::default() })
        }
        Command::Say(Said { person, chat, kind, content, at, reply_to }) => {
            say(state, person, Draft { chat, kind, content, at, reply_to, ..Draft::default() })
        }
        Command::Enter { person, app } => {
            state.person(&person)?;
            state.app(&app)?;
            Ok(json!({ "chat_id": state.direct_chat(&person, &app)? }))
        }
        Command::Upload { kind, name, base64 } => {
            let bytes = STANDARD.decode(base64).map_err(|_| Refusal::control("it is not base64"))?;
            Ok(json!({ "key": state.keep_media(Media { kind, name, bytes: Bytes::from(bytes) })? }))
        }
        Command::Open { key } => {
            let media = state.media.get(&key);
            let media = media.ok_or_else(|| Refusal::control("nothing was uploaded under this id"))?;
            let base64 = STANDARD.encode(&media.bytes);
            // Browsers tell pictures apart by themselves.
            let content_type = if media.kind == "image" { "image/png" } else { "application/octet-stream" };
            Ok(json!({
                "kind": media.kind, "name": media.name, "content_type": content_type, "base64": base64,
            }))
        }
        Command::Recall { person, message } => {
            let chat = state.messages.get(&message).map(|message| message.chat.clone()).unwrap_or_default();
            is_in_chat(state, &person, &chat)?;
            state.recall(&message, &person).map(|()| json!({}))
        }
        Command::Decide { person, instance, agrees, remark } => {
            let tasks = state.instances.get(&instance).map(|instance| instance.tasks.clone());
            let mut own = tasks.into_iter().flatten().filter(|task| task.user == person);
            let task = own.find(|task| task.status == "RUNNING");
            let task = task.ok_or_else(|| Refusal::control("nothing waits for the person"))?;
            state.decide(&instance, task.id, &person, agrees, &remark).map(|()| json!({}))
        }
        Command::JoinConference { person, conference } => {
            let union = state.person(&person)?.union_id.clone();
            let id = state.opened(&conference)?;
            state.attend(&id, &union, true).map(|()| json!({ "conference": id }))
        }
        Command::LeaveConference { person, conference } => {
            let union = state.person(&person)?.union_id.clone();
            state.attend(&conference, &union, false).map(|()| json!({}))
        }
        Command::RequestCode { person, app } => {
            state.person(&person)?;
            state.app(&app)?;
            Ok(json!({ "code": state.issue(Kind::ClientCode, &app, &person, true) }))
        }
        Command::Read { person, chat } => {
            is_in_chat(state, &person, &chat)?;
            state.read(&chat, &person);
            Ok(json!({}))
        }
        Command::Join { person, chat } => {
            state.join(&chat, std::slice::from_ref(&person), &person).map(|()| json!({}))
        }
        Command::Leave { person, chat, operator } => {
            is_in_chat(state, &person, &chat)?;
            let operator = operator.unwrap_or_else(|| person.clone());
            state.leave(&chat, &[person], &operator).map(|()| json!({}))
        }
        Command::AddBot { person, chat, app } => {
            is_in_chat(state, &person, &chat)?;
            state.set_robot(&chat, &app, &person, true).map(|()| json!({}))
        }
        Command::RemoveBot { person, chat, app } => {
            is_in_chat(state, &person, &chat)?;
            state.set_robot(&chat, &app, &person, false).map(|()| json!({}))
        }
        Command::Rename { person, chat, name } => {
            is_in_chat(state, &person, &chat)?;
            state.rename(&chat, &name, &person).map(|()| json!({}))
        }
        Command::Dissolve { person, chat } => {
            is_in_chat(state, &person, &chat)?;
            state.disband(&chat, &person).map(|()| json!({}))
        }
        other => {
            // What is left is answered before it comes here.
            tracing::error!(command = ?other, "nobody does this");
            Err(Refusal::control("nobody does this"))
        }
    }
}

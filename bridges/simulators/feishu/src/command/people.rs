//! What people do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::Command;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::media::Media;
use crate::state::messages::{Actor, Draft, Mention};

fn is_in_chat(state: &State, person: &str, chat: &str) -> Result<(), Refusal> {
    let chat = state.chats.get(chat).ok_or(Refusal::code(232_006))?;
    if chat.dissolved {
        return Err(Refusal::code(232_009));
    }
    if chat.people.contains(person) { Ok(()) } else { Err(Refusal::code(232_011)) }
}

pub(super) fn exists(state: &State, person: &str) -> Result<(), Refusal> {
    if state.people.contains_key(person) { Ok(()) } else { Err(Refusal::code(99_992_360)) }
}

/// The chat of a message that a person can see.
fn sees(state: &State, person: &str, message: &str) -> Result<(), Refusal> {
    let chat = state.messages.get(message).map(|message| message.chat_id.clone());
    is_in_chat(state, person, &chat.ok_or(Refusal::code(99_992_354))?)
}

/// The list of mentions behind the keys in a content.
fn mentions(state: &State, who: Vec<String>) -> Result<Vec<Mention>, Refusal> {
    let mut number = 0;
    who.into_iter()
        .map(|who| {
            if who == "all" {
                return Ok(Mention { key: "@_all".into(), who: None });
            }
            if !state.people.contains_key(&who) && !state.apps.contains_key(&who) {
                return Err(Refusal::code(99_992_360));
            }
            number += 1;
            Ok(Mention { key: format!("@_user_{number}"), who: Some(who) })
        })
        .collect()
}

/// Does what a person does.
pub(super) fn apply(state: &mut State, command: Command) -> Result<Value, Refusal> {
    match command {
        Command::Speak { person, chat, text, reply_to, in_thread } => {
            let content = json!({ "text": text });
            let kind = "text".to_owned();
            apply(
                state,
                Command::Say { person, chat, kind, content, mentions: Vec::new(), reply_to, in_thread },
            )
        }
        Command::Say { person, chat, kind, content, mentions: who, reply_to, in_thread } => {
            is_in_chat(state, &person, &chat)?;
            let mentions = mentions(state, who)?;
            let by = Actor::Person(person);
            let draft = Draft {
                chat_id: chat,
                by,
                kind,
                content,
                card: None,
                mentions,
                reply_to,
                in_thread,
                uuid: None,
            };
            Ok(json!({ "message_id": state.say(draft)? }))
        }
        Command::Forward { person, chat, messages } => {
            is_in_chat(state, &person, &chat)?;
            for message in &messages {
                sees(state, &person, message)?;
            }
            Ok(json!({ "message_id": state.forward(chat, Actor::Person(person), &messages, None)? }))
        }
        Command::SpeakAsBot { app, chat, text } => {
            if !state.live_chat(&chat, 232_006)?.bots.contains(&app) {
                return Err(Refusal::code(230_002));
            }
            let draft = Draft {
                chat_id: chat,
                by: Actor::App(app),
                kind: "text".to_owned(),
                content: json!({ "text": text }),
                card: None,
                mentions: Vec::new(),
                reply_to: None,
                in_thread: false,
                uuid: None,
            };
            Ok(json!({ "message_id": state.say(draft)? }))
        }
        Command::Enter { person, app } => {
            exists(state, &person)?;
            state.app(&app)?;
            let chat_id = state.direct_chat(&person, &app);
            let body = json!({ "chat_id": chat_id, "operator_id": state.ids(&app, &person) });
            state.emit(&app, "im.chat.access_event.bot_p2p_chat_entered_v1", body);
            Ok(json!({ "chat_id": chat_id }))
        }
        Command::Upload { kind, name, content_type, base64 } => {
            let bytes = STANDARD.decode(base64).map_err(|_| Refusal::code(234_001))?;
            let media = Media { app: None, kind, name, content_type, bytes: Bytes::from(bytes) };
            Ok(json!({ "key": state.keep_media(media)? }))
        }
        Command::Open { key } => {
            let media = state.media.get(&key).ok_or(Refusal::code(234_001))?;
            Ok(json!({
                "name": media.name, "content_type": media.content_type, "base64": STANDARD.encode(&media.bytes),
            }))
        }
        Command::Find { message } => {
            let message = state.messages.get(&message).ok_or(Refusal::code(99_992_354))?;
            Ok(json!({ "chat_id": message.chat_id }))
        }
        Command::Edit { person, message, text } => {
            sees(state, &person, &message)?;
            let content = json!({ "text": text });
            state.edit(&message, &Actor::Person(person), "text", content, Vec::new())?;
            Ok(json!({}))
        }
        Command::Recall { person, message } => {
            sees(state, &person, &message)?;
            state.recall(&message, &Actor::Person(person))?;
            Ok(json!({}))
        }
        Command::React { person, message, emoji, added } => {
            sees(state, &person, &message)?;
            let by = Actor::Person(person);
            if added {
                return Ok(json!({ "reaction_id": state.react(&message, &by, &emoji)?.reaction_id }));
            }
            let reactions = state.messages.get(&message).map(|message| message.reactions.clone());
            let mut own = reactions.into_iter().flatten();
            let known = own.find(|reaction| reaction.by == by && reaction.emoji_type == emoji);
            let known = known.ok_or(Refusal::code(231_011))?;
            state.unreact(&message, &by, &known.reaction_id)?;
            Ok(json!({}))
        }
        Command::Read { person, chat } => {
            is_in_chat(state, &person, &chat)?;
            state.read(&chat, &person);
            Ok(json!({}))
        }
        Command::Join { person, chat } => {
            exists(state, &person)?;
            state.join(&chat, &person, &person).map(|()| json!({}))
        }
        Command::Leave { person, chat, operator } => {
            let operator = operator.unwrap_or_else(|| person.clone());
            state.leave(&chat, &person, &operator).map(|()| json!({}))
        }
        Command::AddBot { person, chat, app } => {
            is_in_chat(state, &person, &chat)?;
            state.add_bot(&chat, &app, &person).map(|()| json!({}))
        }
        Command::RemoveBot { person, chat, app } => {
            is_in_chat(state, &person, &chat)?;
            state.remove_bot(&chat, &app, &person).map(|()| json!({}))
        }
        Command::Rename { person, chat, name } => {
            is_in_chat(state, &person, &chat)?;
            state.rename(&chat, &name, &person).map(|()| json!({}))
        }
        Command::Describe { person, chat, description, avatar } => {
            is_in_chat(state, &person, &chat)?;
            state.describe(&chat, description.as_deref(), avatar.as_deref(), &person).map(|()| json!({}))
        }
        Command::Dissolve { person, chat, keeps_history } => {
            is_in_chat(state, &person, &chat)?;
            state.dissolve(&chat, &person, keeps_history).map(|()| json!({}))
        }
        other => {
            // What is left is answered before it comes here.
            tracing::error!(command = ?other, "nobody does this");
            Err(Refusal::code(9499))
        }
    }
}

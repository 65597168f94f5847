//! What people do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use simulator_stage::{Said, Words};

use super::{Command, Signing};
use crate::api::media;
use crate::refusal::Refusal;
use crate::state::media::MediaOwner;
use crate::state::messages::{Author, Draft};
use crate::state::people::folded;
use crate::state::sign_on::{Browser, SHOWABLE, Visitor};
use crate::state::{Receiver, State};

/// Kinds that carry something that was uploaded.
const UPLOADED: &[&str] = &["image", "voice", "video", "file"];

fn say(state: &mut State, person: &str, mut draft: Draft) -> Result<Value, Refusal> {
    state.must_be_in(person, &draft.chat)?;
    draft.chat.clone_from(&state.chat(&draft.chat)?.id);
    if UPLOADED.contains(&draft.kind.as_str()) {
        let key = draft.content.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
        if !state.media.contains_key(&key) {
            return Err(Refusal::control("nothing was uploaded under this key"));
        }
        draft.media = Some(key);
    }
    let unknown =
        |who: &&String| *who != "all" && state.person(who).is_err() && !state.bots.contains_key(*who);
    if let Some(unknown) = draft.at.iter().find(unknown) {
        return Err(Refusal::control(&format!("there is no such person or bot: {unknown}")));
    }
    Ok(json!({ "message_id": state.say_as(person, draft)? }))
}

/// A person opens a chat with an app or a bot.
fn enter(
    state: &mut State,
    person: &str,
    with: &Receiver,
    quietly: bool,
    addressed: bool,
) -> Result<Value, Refusal> {
    state.person(person)?;
    match with {
        Receiver::App(agent) => {
            let app = state.app(*agent)?;
            if !state.sees(app, person) {
                return Err(Refusal::control("the app is not there for this person"));
            }
        }
        Receiver::Bot(bot) => drop(state.bot(bot)?),
        Receiver::Account(_) => return Err(Refusal::control("customers alone enter there")),
    }
    let chat = state.direct_chat(person, with)?;
    if let (Receiver::Bot(bot), true, Some(chat)) = (with, addressed, state.chats.get_mut(&chat)) {
        chat.addressed.insert(bot.clone());
    }
    if !quietly {
        let person = state.spelled(person);
        match with {
            Receiver::App(agent) => state.emit(*agent, &person, "enter_agent", &json!({ "EventKey": "" })),
            Receiver::Bot(bot) => state.emit_to_bot(bot, "enter_chat", json!({}), &person, &chat),
            Receiver::Account(_) => {}
        }
    }
    Ok(json!({ "chat_id": chat }))
}

/// Who holds the browser from now on.
fn sign_on(state: &mut State, signing: Signing) -> Result<Value, Refusal> {
    let visitor = match (signing.person, signing.external_userid) {
        (Some(person), None) => Some(Visitor::Member(folded(&state.person(&person)?.user_id))),
        (None, Some(outside)) => Some(Visitor::Outside(outside)),
        (None, None) => None,
        (Some(_), Some(_)) => return Err(Refusal::control("either a member or somebody from outside")),
    };
    let shows = signing.shows.unwrap_or_else(|| SHOWABLE.map(str::to_owned).to_vec());
    if let Some(unknown) = shows.iter().find(|one| !SHOWABLE.contains(&one.as_str())) {
        return Err(Refusal::control(&format!("nobody can show this: {unknown}")));
    }
    let consents = signing.consents;
    state.sign_on.browser = visitor.map(|visitor| Browser { visitor, consents, shows });
    Ok(json!({}))
}

/// Does what a person does.
pub(super) fn apply(state: &mut State, command: Command) -> Result<Value, Refusal> {
    match command {
        Command::Speak(Words { person, chat, text, at, reply_to }) => {
            let (kind, content) = ("text".to_owned(), json!({ "content": text }));
            say(state, &person, Draft { chat, kind, content, at, reply_to, ..Draft::default() })
        }
        Command::Say(Said { person, chat, kind, content, at, reply_to }) => {
            say(state, &person, Draft { chat, kind, content, at, reply_to, ..Draft::default() })
        }
        Command::Enter { person, app, bot, quietly, addressed } => match (app, bot) {
            (Some(app), None) => enter(state, &person, &Receiver::App(app), quietly, addressed),
            (None, Some(bot)) => enter(state, &person, &Receiver::Bot(bot), quietly, addressed),
            _ => Err(Refusal::control("either an app or a bot")),
        },
        Command::SignOn(signing) => sign_on(state, signing),
        Command::Upload { kind, name, base64 } => {
            let bytes = STANDARD.decode(base64).map_err(|_| Refusal::control("it is not base64"))?;
            let key = state.keep_media(&kind, &name, Bytes::from(bytes), MediaOwner::Corp)?;
            Ok(json!({ "key": key }))
        }
        Command::Open { key } => {
            let media = state.media.get(&key);
            let media = media.ok_or_else(|| Refusal::control("nothing was uploaded under this key"))?;
            Ok(json!({
                "kind": media.kind, "name": media.name, "content_type": media::content_type(&media.kind),
                "base64": STANDARD.encode(&media.bytes),
            }))
        }
        Command::Recall { person, message } => {
            let own = Author::Person(folded(&person));
            let message = state.messages.get_mut(&message).filter(|message| message.by == own);
            let message = message.ok_or_else(|| Refusal::control("it is not theirs"))?;
            message.recalled = true;
            let id = message.id.clone();
            state.recalled_in_service(&id);
            state.archive_recalled(&id).map(|()| json!({}))
        }
        Command::Join { person, chat } => {
            state.person(&person)?;
            state.live_chat(&chat)?.people.insert(folded(&person));
            Ok(json!({}))
        }
        Command::Leave { person, chat } => {
            state.must_be_in(&person, &chat)?;
            state.live_chat(&chat)?.people.remove(&folded(&person));
            Ok(json!({}))
        }
        Command::Rename { person, chat, name } => {
            state.must_be_in(&person, &chat)?;
            state.live_chat(&chat)?.name = name;
            Ok(json!({}))
        }
        Command::Dissolve { person, chat } => {
            state.must_be_in(&person, &chat)?;
            state.live_chat(&chat)?.dissolved = true;
            Ok(json!({}))
        }
        Command::SetBot { person, chat, bot, there } => {
            state.must_be_in(&person, &chat)?;
            state.bot(&bot)?;
            let chat = state.live_chat(&chat)?;
            if there {
                chat.bots.insert(bot);
            } else {
                chat.bots.remove(&bot);
                chat.addressed.remove(&bot);
            }
            Ok(json!({}))
        }
        Command::Lapse { chat, bot } => {
            state.live_chat(&chat)?.addressed.remove(&bot);
            Ok(json!({}))
        }
        Command::Feedback { person, bot, id, kind } => {
            let chat = state.direct_chat(&person, &Receiver::Bot(bot.clone()))?;
            state.emit_to_bot(&bot, "feedback_event", json!({ "id": id, "type": kind }), &person, &chat);
            Ok(json!({}))
        }
        other => {
            // What is left is answered before it comes here.
            tracing::error!(command = ?other, "nobody does this");
            Err(Refusal::control("nobody does this"))
        }
    }
}

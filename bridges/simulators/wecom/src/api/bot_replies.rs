//! What bots say: answers, streams, welcomes, changed cards, and messages of their own accord.

use serde_json::{Value, json};

use super::content::{self, BOT_BYTES_MAX, Channel};
use super::reading::{text, texts};
use super::{Call, Outcome, card};
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::state::bots::{Reply, Stream};
use crate::state::cards::{Card, CardChange};
use crate::state::media::MediaOwner;
use crate::state::messages::{Author, Draft};
use crate::state::{Receiver, State};

const STREAM_PICTURES_MAX: usize = 10;

/// Answers and messages of a bot are counted together, for each conversation.
fn count(state: &mut State, bot: &str, chat: &str) -> Result<(), Refusal> {
    let bounds = [(60_000, state.settings.bot_per_minute), (3_600_000, state.settings.bot_per_hour)];
    let struck = state.stage.faults.strikes(Fault::SocketFrequency);
    if struck || state.stage.count(bot, chat, &bounds).is_err() { Err(Refusal::new(45_009)) } else { Ok(()) }
}

fn say(state: &mut State, channel: Channel, reply: &Reply<'_>) -> Result<(), Refusal> {
    let owner = MediaOwner::Bot(reply.bot.to_owned());
    let draft = content::read(state, channel, &owner, reply.body)?;
    count(state, reply.bot, reply.chat)?;
    let (chat, req_id) = (reply.chat.to_owned(), Some(reply.req_id.to_owned()));
    state.say(Author::Bot(reply.bot.to_owned()), Draft { chat, req_id, ..draft })?;
    Ok(())
}

/// A bot answers a message.
pub(crate) fn respond(state: &mut State, reply: &Reply<'_>) -> Result<(), Refusal> {
    let at_an_address = state.bots.get(reply.bot).is_some_and(|bot| bot.callback.is_some());
    match text(reply.body, "msgtype") {
        "stream" => stream(state, reply, None),
        "stream_with_template_card" => {
            let body = reply.body.get("template_card").cloned();
            if let Some(body) = &body {
                card::check(body, false, true)?;
            }
            stream(state, reply, body)
        }
        // What is not a stream or a card is for sockets alone.
        kind if at_an_address && kind != "template_card" => Err(Refusal::new(40_008)),
        _ => say(state, Channel::Bot, reply),
    }
}

/// A stream begins, goes on or ends; each time its whole content is replaced.
fn stream(state: &mut State, reply: &Reply<'_>, with: Option<Value>) -> Result<(), Refusal> {
    let body = reply.body.get("stream").ok_or_else(|| Refusal::new(40_063))?;
    let (id, words) = (text(body, "id"), text(body, "content"));
    let finish = body.get("finish") == Some(&true.into());
    let pictures = body.get("msg_item").and_then(Value::as_array).map_or(0, Vec::len);
    if id.is_empty() || words.len() > BOT_BYTES_MAX {
        return Err(Refusal::new(if id.is_empty() { 40_063 } else { 45_002 }));
    }
    if pictures > STREAM_PICTURES_MAX || (pictures > 0 && !finish) {
        return Err(Refusal::parameter("msg_item"));
    }
    let (key, now) = ((reply.bot.to_owned(), id.to_owned()), state.now_ms());
    let content = json!({ "content": words, "id": id, "pictures": pictures });
    let card = with.map(Card::new);
    let over = state.stage.faults.strikes(Fault::SocketStreamOver);
    match state.streams.get_mut(&key) {
        Some(stream) => {
            if over || stream.finished || stream.until_ms <= now {
                return Err(Refusal::new(846_608));
            }
            stream.finished = finish;
            if let Some(message) = state.messages.get_mut(&stream.message) {
                (message.draft.content, message.draft.finished) = (content, Some(finish));
                message.edits += 1;
                // A card comes with one of the frames, once.
                message.draft.card = message.draft.card.take().or(card);
            }
            Ok(())
        }
        None if over => Err(Refusal::new(846_608)),
        None => {
            count(state, reply.bot, reply.chat)?;
            let draft = Draft {
                chat: reply.chat.to_owned(),
                kind: "stream".to_owned(),
                content,
                req_id: Some(reply.req_id.to_owned()),
                card,
                finished: Some(finish),
                ..Draft::default()
            };
            let message = state.say(Author::Bot(reply.bot.to_owned()), draft)?;
            let until_ms = now + state.settings.stream_life_ms;
            let person = reply.person.to_owned();
            state.streams.insert(key, Stream { message, person, until_ms, finished: finish });
            Ok(())
        }
    }
}

/// A bot welcomes somebody who opened the chat.
pub(crate) fn welcome(state: &mut State, reply: &Reply<'_>) -> Result<(), Refusal> {
    say(state, Channel::Welcome, reply)
}

/// A bot changes the card of a task that was pressed: for these people, or for everybody.
pub(crate) fn update(state: &mut State, reply: &Reply<'_>, task: &str) -> Result<(), Refusal> {
    if text(reply.body, "response_type") != "update_template_card" {
        return Err(Refusal::new(40_008));
    }
    let body = reply.body.get("template_card").ok_or_else(|| Refusal::new(40_063))?;
    card::check(body, false, true)?;
    if text(body, "task_id") != task {
        return Err(Refusal::parameter("task_id"));
    }
    let people = texts(reply.body.get("userids"));
    let people: Vec<String> = people.iter().map(|id| state.person_of_bot(reply.bot, id)).collect();
    let people = (!people.is_empty()).then_some(people);
    let author = Author::Bot(reply.bot.to_owned());
    let shown: Vec<String> = state
        .messages
        .values()
        .filter(|message| message.by == author)
        .filter(|message| message.draft.card.as_ref().is_some_and(|card| card.task_id == task))
        .map(|message| message.id.clone())
        .collect();
    for message in shown {
        state.change_card(&message, people.as_deref(), &CardChange::Card(body.clone()));
    }
    Ok(())
}

/// A bot writes of its own accord, where somebody has addressed it before.
pub(crate) fn push(state: &mut State, bot: &str, req_id: &str, body: &Value) -> Result<(), Refusal> {
    let chat_type = body.get("chat_type").and_then(Value::as_u64).unwrap_or(0);
    let chat = state.chat_of_bot(bot, text(body, "chatid"), chat_type)?;
    let person = match state.chats.get(&chat).and_then(|chat| chat.direct.clone()) {
        Some((person, Receiver::Bot(_))) => person,
        _ => String::new(),
    };
    say(state, Channel::Bot, &Reply { bot, chat: &chat, person: &person, req_id, body })
}

/// `POST /cgi-bin/aibot/response?response_code=..`: one answer, within an hour.
pub(super) fn answer_once(state: &mut State, call: &Call) -> Outcome {
    let (code, now) = (call.query("response_code").to_owned(), state.now_ms());
    let url = state.response_urls.get_mut(&code).filter(|url| !url.used && url.until_ms > now);
    let url = url.ok_or_else(|| Refusal::parameter("invalid response_code"))?;
    url.used = true;
    let (bot, chat) = (url.bot.clone(), url.chat.clone());
    say(
        state,
        Channel::Later,
        &Reply { bot: &bot, chat: &chat, person: "", req_id: &code, body: &call.body },
    )?;
    Ok(json!({}).into())
}

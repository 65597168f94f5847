//! The callbacks of bots: JSON around JSON, answers that are said, streams that are asked for again and again.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use simulator_stage::{Play as _, Tried};

use super::{payload, seal};
use crate::api::bot_replies;
use crate::crypto;
use crate::simulator::Shared;
use crate::state::apps::Address;
use crate::state::bots::Reply;
use crate::state::{Event, Receiver, What};

/// A bot and who asked it where.
#[derive(Clone)]
struct Asked {
    bot: String,
    person: String,
    chat: String,
}

/// Posts an event to its bot; the answer is what it said, decrypted, or null.
pub(crate) async fn post(shared: &Arc<Shared>, event: &Event) -> Tried<Value> {
    let Receiver::Bot(bot) = &event.to else { return Err("it is not for a bot".to_owned()) };
    let (asked, address, body) = {
        let state = &mut *shared.state.lock();
        let address = state.bots.get(bot).and_then(|bot| bot.callback.clone()).ok_or("no address is set")?;
        let body = payload::for_bot(state, bot, event, Some(address.key)).ok_or("there is nothing to say")?;
        let (person, chat) = match &event.what {
            What::Message(message) => {
                let message = state.messages.get(message).ok_or("there is no such message")?;
                (message.by.id(), message.draft.chat.clone())
            }
            What::Bot { person, chat, .. } => (person.clone(), chat.clone()),
            What::Happened(_) => return Err("it is not for a bot".to_owned()),
        };
        (Asked { bot: bot.clone(), person, chat }, address, body)
    };
    let answer = send(shared, &address, body).await?;
    if answer.is_null() {
        return Ok(answer);
    }
    let stream = say(shared, &asked, event, &answer)?;
    if let Some(stream) = stream {
        let (shared, event) = (shared.clone(), event.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = follow(&shared, &asked, &event, &address, &stream) => {}
                () = shared.ending().wait() => {}
            }
        });
    }
    Ok(answer)
}

/// Says what a bot answered; the stream that goes on, if there is one.
fn say(shared: &Shared, asked: &Asked, event: &Event, answer: &Value) -> Tried<Option<String>> {
    let state = &mut *shared.state.lock();
    let reply =
        Reply { bot: &asked.bot, chat: &asked.chat, person: &asked.person, req_id: &event.id, body: answer };
    let said = match &event.what {
        What::Bot { name: "template_card_event", data, .. } => {
            let task = data.get("task_id").and_then(Value::as_str).unwrap_or_default();
            bot_replies::update(state, &reply, task)
        }
        What::Bot { .. } => bot_replies::welcome(state, &reply),
        What::Message(_) | What::Happened(_) => bot_replies::respond(state, &reply),
    };
    said.map_err(|refusal| refusal.to_string())?;
    let stream = answer.get("stream").and_then(|stream| stream.get("id")).and_then(Value::as_str);
    let open = |id: &&str| {
        state.streams.get(&(asked.bot.clone(), (*id).to_owned())).is_some_and(|stream| !stream.finished)
    };
    Ok(stream.filter(open).map(str::to_owned))
}

/// Asks how a stream goes on until it ends or is too old.
async fn follow(shared: &Arc<Shared>, asked: &Asked, event: &Event, address: &Address, stream: &str) {
    loop {
        let (wait, over) = {
            let state = shared.state.lock();
            let known = state.streams.get(&(asked.bot.clone(), stream.to_owned()));
            let over = known.is_none_or(|known| known.finished || known.until_ms <= state.now_ms());
            (state.settings.stream_poll_ms / state.settings.time_scale.max(1), over)
        };
        if over {
            return;
        }
        tokio::time::sleep(Duration::from_millis(wait.max(1))).await;
        let body = {
            let state = shared.state.lock();
            let mut body = json!({
                "msgid": event.id, "aibotid": asked.bot, "chattype": "single", "msgtype": "stream",
                "from": { "userid": payload::userid_for(&state, &asked.bot, &asked.person) }, "stream": { "id": stream },
            });
            if state.chats.get(&asked.chat).is_some_and(|chat| chat.direct.is_none()) {
                body["chattype"] = "group".into();
                body["chatid"] = asked.chat.clone().into();
            }
            body
        };
        match send(shared, address, body).await {
            Ok(answer) if !answer.is_null() => {
                if let Err(reason) = say(shared, asked, event, &answer) {
                    tracing::warn!(reason, "a stream was not taken");
                }
            }
            Ok(_) => {}
            Err(reason) => tracing::warn!(reason, "a stream was not answered"),
        }
    }
}

async fn send(shared: &Shared, address: &Address, mut body: Value) -> Tried<Value> {
    let (post, nonce, within_ms) = {
        let state = &mut *shared.state.lock();
        seal::fill(state, &mut body);
        let sealed = seal::seal(state, address, &body.to_string(), "").ok_or("the key is none")?;
        let outer = json!({ "encrypt": sealed.encrypted }).to_string();
        let post = seal::post(address, &sealed.query, "application/json", outer);
        (post, sealed.nonce, state.settings.answer_within_ms)
    };
    let answer = post.send_and_replay(shared, within_ms).await?;
    if answer.is_empty() || answer == b"success" {
        return Ok(Value::Null);
    }
    read(address, &nonce, &answer)
}

fn read(address: &Address, nonce: &str, answer: &[u8]) -> Tried<Value> {
    let outer: Value = serde_json::from_slice(answer).map_err(|_| "the answer is no JSON")?;
    let part = |name: &str| outer.get(name).and_then(Value::as_str).unwrap_or_default();
    let timestamp = outer.get("timestamp").and_then(Value::as_i64).ok_or("the timestamp is no number")?;
    if part("nonce") != nonce {
        return Err("the nonce is not that of the question".to_owned());
    }
    let encrypted = part("encrypt");
    let expected = crypto::signature(&address.token, &timestamp.to_string(), nonce, encrypted);
    if part("msgsignature") != expected {
        return Err("the answer is not signed rightly".to_owned());
    }
    let (inner, receive_id) = crypto::open(&address.key, encrypted)?;
    if !receive_id.is_empty() {
        return Err("the answer is for somebody".to_owned());
    }
    serde_json::from_str(&inner).map_err(|_| "the answer holds no JSON".to_owned())
}

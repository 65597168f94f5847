//! What becomes of what robots sent: recalls, who read it; and reactions of robots.

use serde_json::{Map, Value, json};

use super::Outcome;
use super::reading::Call;
use super::robots::{group, robot};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::messages::{Author, Message};

const KEYS_MAX: usize = 20;
const READERS_MAX: u64 = 200;

/// The messages of a key, which go to several chats when they were sent to several people.
fn messages_of<'a>(state: &'a mut State, key: &'a str) -> impl Iterator<Item = &'a mut Message> {
    state.messages.values_mut().filter(move |message| message.query_key.as_deref() == Some(key))
}

fn recall(state: &mut State, call: &Call, chat: Option<&str>) -> Outcome {
    let robot = robot(state, call)?;
    let keys = call.texts("processQueryKeys");
    if keys.is_empty() {
        return Err(Refusal::bad("invalid.processQueryKey"));
    }
    if keys.len() > KEYS_MAX {
        return Err(Refusal::bad("invalidParameter.processQueryKeys.overMax"));
    }
    let oldest_ms = state.stage.now_ms().saturating_sub(state.settings.recall_window_ms);
    let (mut done, mut failed) = (Vec::new(), Map::new());
    for key in keys {
        let mut outcome = Err("invalid.processQueryKey");
        for message in messages_of(state, &key) {
            if message.by != Author::Robot(robot.clone()) || chat.is_some_and(|chat| message.chat != chat) {
                outcome = Err("not.allowed.robotCode");
            } else if message.created_ms < oldest_ms {
                outcome = Err("robot.processQueryKey.expired");
            } else {
                message.recalled = true;
                outcome = Ok(());
            }
        }
        match outcome {
            Ok(()) => done.push(key),
            Err(reason) => {
                failed.insert(key, reason.into());
            }
        }
    }
    Ok(json!({ "successResult": done, "failedResult": failed }))
}

pub(super) fn recall_in_group(state: &mut State, call: &Call) -> Outcome {
    let chat = group(state, call)?;
    recall(state, call, Some(&chat))
}

pub(super) fn recall_from_people(state: &mut State, call: &Call) -> Outcome {
    recall(state, call, None)
}

/// A robot's own message that is young enough to be asked about.
fn asked_about(state: &mut State, key: &str, app: &str) -> Result<Vec<Message>, Refusal> {
    let oldest_ms = state.stage.now_ms().saturating_sub(state.settings.recall_window_ms);
    let found: Vec<Message> = messages_of(state, key).map(|message| message.clone()).collect();
    let first = found.first().ok_or_else(|| Refusal::bad("invalid.processQueryKey"))?;
    if first.by != Author::Robot(app.to_owned()) {
        return Err(Refusal::bad("conversation.org.dismatch"));
    }
    if first.created_ms < oldest_ms { Err(Refusal::bad("processQueryKey.expireTime")) } else { Ok(found) }
}

pub(super) fn query(state: &mut State, call: &Call) -> Outcome {
    let robot = robot(state, call)?;
    let key = call.needed("processQueryKey", "invalid.processQueryKey")?;
    let found = asked_about(state, key, &robot)?;
    let readers: Vec<String> = found.iter().flat_map(|message| message.read_by.clone()).collect();
    let from = call.text("nextToken").parse().unwrap_or(0).min(readers.len());
    let wanted = call.number("maxResults").unwrap_or(READERS_MAX).clamp(1, READERS_MAX);
    let until = from.saturating_add(usize::try_from(wanted).unwrap_or(1)).min(readers.len());
    let status = if found.iter().all(|message| message.recalled) { "RECALLED" } else { "SUCCESS" };
    Ok(json!({
        "sendStatus": status, "readUserIds": readers[from..until], "hasMore": until < readers.len(),
        "nextToken": until.to_string(),
    }))
}

pub(super) fn read_status(state: &mut State, call: &Call) -> Outcome {
    if call.query("robotCode") != call.app {
        return Err(Refusal::bad("invalidParameter.robotCode.auth"));
    }
    let found = asked_about(state, call.query("processQueryKey"), &call.app)?;
    let people: Vec<Value> = found
        .iter()
        .filter_map(|message| {
            let (person, _) = state.chats.get(&message.chat)?.direct.clone()?;
            let status = if message.read_by.contains(&person) { "READ" } else { "UNREAD" };
            Some(json!({ "name": state.name_of(&person), "userId": person, "readStatus": status }))
        })
        .collect();
    let status = if found.iter().all(|message| message.recalled) { "RECALLED" } else { "SUCCESS" };
    Ok(json!({ "sendStatus": status, "messageReadInfoList": people }))
}

fn reaction(state: &mut State, call: &Call, added: bool) -> Outcome {
    let robot = robot(state, call)?;
    let chat = call.text("openConversationId");
    let message = state.messages.get_mut(call.text("openMsgId")).filter(|message| message.chat == chat);
    let message = message.ok_or_else(|| Refusal::bad("invalidParameter.param.invalid"))?;
    let text = call.body.get("textEmotion").and_then(|emotion| emotion.get("text")).and_then(Value::as_str);
    let text = text.unwrap_or_else(|| call.text("emotionName"));
    if text.is_empty() {
        return Err(Refusal::bad("invalidParameter.param.invalid"));
    }
    let by = message.reactions.entry(text.to_owned()).or_default();
    if added {
        by.insert(robot);
    } else {
        by.remove(&robot);
    }
    message.reactions.retain(|_, by| !by.is_empty());
    Ok(json!({ "success": true }))
}

pub(super) fn react(state: &mut State, call: &Call) -> Outcome {
    reaction(state, call, true)
}

pub(super) fn unreact(state: &mut State, call: &Call) -> Outcome {
    reaction(state, call, false)
}

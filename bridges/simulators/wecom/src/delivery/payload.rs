//! What apps and bots are told of a message or an event.

use serde_json::{Value, json};

use crate::crypto;
use crate::faults::Fault;
use crate::state::bots::ResponseUrl;
use crate::state::messages::{Author, Draft, Message};
use crate::state::{Event, State, What, remember};

/// What survives when a fault takes the rest.
const BARE: &[&str] = &["FromUserName", "CreateTime", "MsgType", "Event", "AgentID", "ToUserName"];

/// The fields of an app's XML, but for the receiver.
pub(super) fn for_app(state: &mut State, event: &Event) -> Option<Value> {
    let mut fields = match &event.what {
        What::Happened(fields) => fields.clone(),
        What::Message(message) => {
            let message = state.messages.get(message)?.clone();
            let mut fields = words_for_app(state, &message);
            fields["FromUserName"] = state.spelled(&message.by.id()).into();
            fields["CreateTime"] = (message.created_ms / 1_000).into();
            fields["MsgType"] = message.draft.kind.clone().into();
            fields["MsgId"] = message.id.parse::<u64>().ok().into();
            fields["AgentID"] = event.to.id().parse::<u64>().ok().into();
            fields
        }
        What::Bot { .. } => return None,
    };
    if state.stage.faults.strikes(Fault::CallbackBare)
        && let Some(fields) = fields.as_object_mut()
    {
        fields.retain(|name, _| BARE.contains(&name.as_str()));
    }
    Some(fields)
}

fn words_for_app(state: &State, message: &Message) -> Value {
    let content = &message.draft.content;
    let text = |name: &str| content.get(name).and_then(Value::as_str).unwrap_or_default();
    let key = message.draft.media.clone().unwrap_or_default();
    match message.draft.kind.as_str() {
        "text" => json!({ "Content": text("content") }),
        "image" => json!({ "PicUrl": format!("{}/pictures/{key}", state.api_url), "MediaId": key }),
        "voice" => json!({ "MediaId": key, "Format": "amr" }),
        "video" => json!({ "MediaId": key, "ThumbMediaId": format!("{key}thumb") }),
        "file" => {
            let name = state.media.get(&key).map(|media| media.name.clone());
            json!({ "MediaId": key, "FileName": name })
        }
        "location" => json!({
            "Location_X": content.get("latitude"), "Location_Y": content.get("longitude"),
            "Scale": content.get("scale"), "Label": text("label"), "AppType": "wxwork",
        }),
        "link" => json!({
            "Title": text("title"), "Description": text("description"), "Url": text("url"), "PicUrl": text("picurl"),
        }),
        _ => content.clone(),
    }
}

/// What a bot is told. `key` is that of its callback; over a socket each file has a key of its own.
pub(crate) fn for_bot(
    state: &mut State,
    bot: &str,
    event: &Event,
    key: Option<crypto::Key>,
) -> Option<Value> {
    let (person, chat, mut body) = match &event.what {
        What::Message(message) => {
            let message = state.messages.get(message)?.clone();
            let Author::Person(person) = &message.by else { return None };
            let mut body = words_for_bot(state, bot, &message.draft, key);
            if let Some(quoted) =
                message.draft.reply_to.as_ref().and_then(|id| state.messages.get(id)).cloned()
            {
                body["quote"] = quote(state, bot, &quoted.draft, key);
            }
            (person.clone(), message.draft.chat.clone(), body)
        }
        What::Bot { name, data, person, chat } => {
            let body = json!({ "msgtype": "event", "event": { "eventtype": name, *name: data } });
            (person.clone(), chat.clone(), body)
        }
        What::Happened(_) => return None,
    };
    body["msgid"] = event.id.clone().into();
    body["create_time"] = (event.born_ms / 1_000).into();
    body["aibotid"] = bot.into();
    body["from"] = json!({ "userid": userid_for(state, bot, &person) });
    let group = state.chats.get(&chat).is_some_and(|chat| chat.direct.is_none());
    body["chattype"] = if group { "group" } else { "single" }.into();
    if group {
        body["chatid"] = chat.clone().into();
    }
    if matches!(event.what, What::Message(_)) {
        let code = state.stage.chance.id("", 64);
        body["response_url"] =
            format!("{}/cgi-bin/aibot/response?response_code={code}", state.api_url).into();
        let until_ms = state.now_ms() + state.settings.response_url_life_ms;
        let url = ResponseUrl { bot: bot.to_owned(), chat, until_ms, used: false };
        remember(&mut state.response_urls, code, url);
    }
    Some(body)
}

/// How a bot knows a person.
pub(crate) fn userid_for(state: &State, bot: &str, person: &str) -> String {
    let encrypts = state.bots.get(bot).is_some_and(|bot| bot.encrypts_userids);
    match state.person(person) {
        Ok(person) if encrypts => person.open_userid.clone(),
        Ok(person) => person.user_id.clone(),
        Err(_) => person.to_owned(),
    }
}

fn words_for_bot(state: &mut State, bot: &str, draft: &Draft, key: Option<crypto::Key>) -> Value {
    let content = match draft.kind.as_str() {
        "text" => {
            let text = draft.content.get("content").and_then(Value::as_str).unwrap_or_default();
            json!({ "content": with_mentions(state, bot, draft, text) })
        }
        // Of a voice there are the words alone.
        "voice" => json!({ "content": draft.content.get("content").cloned().unwrap_or_else(|| "".into()) }),
        "mixed" => {
            let items = draft.content.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
            let mut first = true;
            let mut made = Vec::new();
            for item in items {
                if let Some(media) = item.get("key").and_then(Value::as_str) {
                    made.push(json!({ "msgtype": "image", "image": file(state, media, key) }));
                } else {
                    let text = item.get("text").and_then(Value::as_str).unwrap_or_default();
                    let text = if first { with_mentions(state, bot, draft, text) } else { text.to_owned() };
                    first = false;
                    made.push(json!({ "msgtype": "text", "text": { "content": text } }));
                }
            }
            json!({ "msg_item": made })
        }
        "image" | "file" | "video" => file(state, draft.media.as_deref().unwrap_or_default(), key),
        _ => draft.content.clone(),
    };
    json!({ "msgtype": draft.kind, draft.kind.as_str(): content })
}

/// In groups the words begin with the bot's name; people write other mentions where they belong, by their names.
fn with_mentions(state: &State, bot: &str, draft: &Draft, text: &str) -> String {
    let group = state.chats.get(&draft.chat).is_some_and(|chat| chat.direct.is_none());
    match state.bots.get(bot) {
        Some(known) if group && draft.at.iter().any(|at| at == bot) => format!("@{} {text}", known.name),
        _ => text.to_owned(),
    }
}

fn file(state: &mut State, media: &str, key: Option<crypto::Key>) -> Value {
    let (url, own_key) = state.bot_file(media, key);
    let mut file = json!({ "url": url });
    if let Some(own_key) = own_key {
        file["aeskey"] = own_key.into();
    }
    file
}

/// What was said before, without its id and without who said it.
fn quote(state: &mut State, bot: &str, draft: &Draft, key: Option<crypto::Key>) -> Value {
    let words = match draft.kind.as_str() {
        "text" | "image" | "mixed" | "voice" | "file" | "video" => {
            return words_for_bot(state, bot, draft, key);
        }
        "markdown" | "stream" => draft.content.get("content").cloned(),
        _ => None,
    };
    json!({ "msgtype": "text", "text": { "content": words.unwrap_or_else(|| "[卡片消息]".into()) } })
}

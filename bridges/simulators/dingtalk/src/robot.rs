//! What a robot is told of a message: the payload that comes over the stream and by HTTP alike.

use serde_json::{Map, Value, json};

use crate::faults::Fault;
use crate::state::State;
use crate::state::messages::{Author, Message};

/// The organisation of those who are of another one.
const FOREIGN_CORP: &str = "dingforeign";

/// The payload of a message for an app. `with_content` is false when the month's pushes are used up.
pub(crate) fn payload(state: &mut State, app: &str, message: &Message, with_content: bool) -> Value {
    let (Author::Person(sender), Some(chat)) = (&message.by, state.chats.get(&message.chat)) else {
        return Value::Null;
    };
    let (group, title) = (chat.direct.is_none(), chat.title.clone());
    let sender = state.people.get(sender).cloned().unwrap_or_default();
    let corp_id = if sender.outside { FOREIGN_CORP.to_owned() } else { state.corp_id.clone() };
    let published = state.apps.get(app).is_some_and(|app| app.published);
    let robot_id = robot_id(app);
    let (webhook, until_ms) = state.open_session(app, &message.chat, message.created_ms);
    let with_content = with_content && !state.stage.faults.strikes(Fault::MessageWithoutContent);
    let mut payload = json!({
        "conversationId": message.chat, "conversationType": if group { "2" } else { "1" },
        "msgId": message.id, "createAt": message.created_ms, "senderId": sender.dingtalk_id,
        "senderNick": sender.name, "senderCorpId": corp_id, "senderPlatform": "Mac",
        "chatbotUserId": robot_id, "chatbotCorpId": state.corp_id, "robotCode": app,
        "isInAtList": message.at.iter().any(|at| at == app),
        "sessionWebhook": webhook, "sessionWebhookExpiredTime": until_ms,
    });
    if group {
        payload["conversationTitle"] = title.into();
        payload["atUsers"] = at_users(state, app, message);
    }
    if published && !sender.outside && !state.stage.faults.strikes(Fault::MessageWithoutStaffId) {
        payload["senderStaffId"] = sender.user_id.into();
    }
    if published {
        payload["isAdmin"] = sender.admin.into();
    }
    if state.stage.faults.strikes(Fault::MessageTextNumbers) {
        payload["createAt"] = message.created_ms.to_string().into();
        payload["sessionWebhookExpiredTime"] = until_ms.to_string().into();
    }
    if !with_content {
        payload["msgtype"] = message.kind.clone().into();
        payload["errorCode"] = "20001".into();
        payload["errorMessage"] = "企业本月的推送次数已用完".into();
        return payload;
    }
    put_content(state, &mut payload, app, message, group);
    payload
}

/// How a robot is shown among those who are mentioned.
pub(crate) fn robot_id(app: &str) -> String {
    format!("$:LWCP_v1:$robot-{app}")
}

fn at_users(state: &mut State, app: &str, message: &Message) -> Value {
    let without_ids = state.stage.faults.strikes(Fault::MessageWithoutAtStaffIds);
    let mut users = Vec::new();
    for at in message.at.iter().filter(|at| *at != "all") {
        match state.people.get(at) {
            Some(person) if person.outside || without_ids => {
                users.push(json!({ "dingtalkId": person.dingtalk_id }));
            }
            Some(person) => users.push(json!({ "dingtalkId": person.dingtalk_id, "staffId": at })),
            None => users.push(json!({ "dingtalkId": robot_id(at) })),
        }
    }
    // The robot itself is always among them.
    if !message.at.iter().any(|at| at == app) {
        users.push(json!({ "dingtalkId": robot_id(app) }));
    }
    Value::Array(users)
}

fn put_content(state: &mut State, payload: &mut Value, app: &str, message: &Message, group: bool) {
    if state.stage.faults.strikes(Fault::MessageUnknown) {
        payload["msgtype"] = "unknownMsgType".into();
        payload["content"] = json!({ "unknownMsgType": "暂不支持的消息类型" });
        return;
    }
    payload["msgtype"] = message.kind.clone().into();
    let mut content = with_codes(state, app, &message.content);
    name_pictures(&message.kind, &mut content);
    let place = if message.kind == "text" { "text" } else { "content" };
    if message.kind == "text" && group {
        // The robot's name was cut out before it, and leaves a space.
        let text = content.get("content").and_then(Value::as_str).unwrap_or_default();
        content["content"] = format!(" {text}").into();
    }
    if let Some(quoted) = message.reply_to.as_ref().and_then(|id| state.messages.get(id)).cloned() {
        content["isReplyMsg"] = true.into();
        content["repliedMsg"] = quote(state, app, &quoted);
        payload["originalMsgId"] = quoted.id.into();
        if let Some(key) = quoted.query_key {
            payload["originalProcessQueryKey"] = key.into();
        }
    }
    payload[place] = content;
}

/// Pictures have a second code, which is good for the same; so have those inside rich texts.
fn name_pictures(kind: &str, content: &mut Value) {
    let code = |picture: &mut Value| {
        if let Some(code) = picture.get("downloadCode").cloned() {
            picture["pictureDownloadCode"] = code;
        }
    };
    if kind == "picture" {
        code(content);
    }
    let parts = content.get_mut("richText").and_then(Value::as_array_mut).into_iter().flatten();
    parts.filter(|part| part.get("type") == Some(&"picture".into())).for_each(code);
}

/// A message as it stands inside an answer to it. Of cards there is the id alone.
fn quote(state: &mut State, app: &str, quoted: &Message) -> Value {
    let sender = match &quoted.by {
        Author::Person(person) => state.people.get(person).map(|person| person.dingtalk_id.clone()),
        Author::Robot(robot) | Author::Custom(robot) => Some(robot_id(robot)),
    };
    let mut value = json!({ "msgId": quoted.id, "senderId": sender, "createdAt": quoted.created_ms });
    if quoted.card.is_some() {
        value["msgType"] = "interactiveCard".into();
        return value;
    }
    let person = matches!(quoted.by, Author::Person(_));
    value["msgType"] = if person { quoted.kind.as_str() } else { "text" }.into();
    value["content"] = match quoted.kind.as_str() {
        "text" | "sampleText" => json!({ "text": quoted.content.get("content") }),
        _ if person => with_codes(state, app, &quoted.content),
        _ => json!({ "text": quoted.content.get("text") }),
    };
    value
}

/// The content with download codes for this app where it names something that was uploaded by `key`.
fn with_codes(state: &mut State, app: &str, content: &Value) -> Value {
    match content {
        Value::Object(fields) => {
            let mut dressed = Map::new();
            for (name, value) in fields {
                match value.as_str().filter(|_| name == "key") {
                    Some(key) => {
                        dressed.insert("downloadCode".into(), state.download_code(app, key).into());
                    }
                    None => {
                        dressed.insert(name.clone(), with_codes(state, app, value));
                    }
                }
            }
            Value::Object(dressed)
        }
        Value::Array(items) => items.iter().map(|item| with_codes(state, app, item)).collect(),
        other => other.clone(),
    }
}

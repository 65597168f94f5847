//! How frames look: JSON in texts, every header a text, `data` JSON inside a text.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::faults::Fault;
use crate::state::{Push, State, Told};

/// Where a frame goes.
pub(super) struct Address<'a> {
    pub(super) kind: &'static str,
    pub(super) topic: &'static str,
    pub(super) connection_id: &'a str,
    pub(super) message_id: &'a str,
}

const LARGE_BYTES: usize = 200_000;

/// The frames of a push, with those that faults put before it.
pub(super) fn of(state: &mut State, to: &Address<'_>, push: &Push, data: &Value) -> Vec<Message> {
    let mut messages = Vec::new();
    if state.stage.faults.strikes(Fault::SocketGarbage) {
        messages.push(Message::text("{\"specVersion\":"));
    }
    if state.stage.faults.strikes(Fault::SocketBinary) {
        messages.push(Message::binary(vec![0_u8, 255, 1]));
    }
    if state.stage.faults.strikes(Fault::SocketUnknownTopic) {
        messages.push(system(state, "KEEPALIVE", &json!({})));
    }
    if state.stage.faults.strikes(Fault::SocketUnknownType) {
        let frame = json!({ "specVersion": "1.0", "type": "NOBODY_KNOWS", "headers": {}, "data": "{}" });
        messages.push(Message::text(frame.to_string()));
    }
    let now = state.stage.now_ms();
    let mut headers = json!({
        "appId": push.app, "connectionId": to.connection_id, "contentType": "application/json",
        "messageId": to.message_id, "time": now.to_string(), "topic": to.topic,
    });
    if let Told::Event(event_type, _) = &push.what {
        headers["eventId"] = push.id.clone().into();
        headers["eventBornTime"] = push.born_ms.to_string().into();
        headers["eventCorpId"] = state.corp_id.clone().into();
        headers["eventType"] = (*event_type).into();
        headers["eventUnifiedAppId"] = push.app.clone().into();
    }
    let mut data = data.clone();
    if let Some(bytes) = state.stage.faults.take(Fault::SocketLarge) {
        let bytes = bytes.as_u64().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(LARGE_BYTES);
        data["nobodyKnows"] = "x".repeat(bytes.min(crate::limits::FRAME_BYTES_MAX)).into();
    }
    let frame = json!({
        "specVersion": "1.0", "type": to.kind, "time": now, "headers": headers, "data": data.to_string(),
    });
    messages.push(Message::text(frame.to_string()));
    messages
}

fn system(state: &mut State, topic: &str, data: &Value) -> Message {
    let headers = json!({
        "contentType": "application/json", "messageId": state.stage.chance.id("", 32),
        "time": state.stage.now_ms().to_string(), "topic": topic,
    });
    let frame =
        json!({ "specVersion": "1.0", "type": "SYSTEM", "headers": headers, "data": data.to_string() });
    Message::text(frame.to_string())
}

/// A ping; its answer brings `opaque` back.
pub(super) fn ping(state: &mut State, opaque: &str) -> Message {
    system(state, "ping", &json!({ "opaque": opaque }))
}

/// The order to go.
pub(super) fn disconnect(state: &mut State, reason: &str) -> Message {
    if state.stage.faults.strikes(Fault::SocketDisconnectBare) {
        let frame = json!({
            "specVersion": "1.0", "type": "SYSTEM", "headers": { "topic": "disconnect" },
            "data": json!({ "reason": reason }).to_string(),
        });
        return Message::text(frame.to_string());
    }
    system(state, "disconnect", &json!({ "reason": reason }))
}

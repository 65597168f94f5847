//! How frames look: JSON in texts, whose answers have no command of their own.

use serde_json::{Value, json};
use simulator_stage::Stage;
use tokio_tungstenite::tungstenite::Message;

use crate::faults::Fault;
use crate::refusal::Refusal;

/// A frame of a client.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    pub(super) cmd: String,
    pub(super) req_id: String,
    pub(super) body: Value,
}

impl Heard {
    /// Reads a frame; nothing when it is none.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut frame: Value = serde_json::from_str(text).ok()?;
        let cmd = frame.get("cmd")?.as_str()?.to_owned();
        let req_id = frame.get("headers")?.get("req_id")?.as_str()?.to_owned();
        Some(Self { cmd, req_id, body: frame.get_mut("body").map(Value::take).unwrap_or_default() })
    }
}

/// A frame that brings a message or an event.
pub(super) fn callback(cmd: &str, req_id: &str, body: &Value) -> Message {
    Message::text(json!({ "cmd": cmd, "headers": { "req_id": req_id }, "body": body }).to_string())
}

/// The answer to a frame.
pub(super) fn acknowledgement(req_id: &str, outcome: Result<Option<Value>, Refusal>) -> Message {
    let mut frame = json!({ "headers": { "req_id": req_id }, "errcode": 0, "errmsg": "ok" });
    match outcome {
        Ok(Some(body)) => frame["body"] = body,
        Ok(None) => {}
        Err(refusal) => {
            frame["errcode"] = refusal.code.into();
            frame["errmsg"] = refusal.message.into();
        }
    }
    Message::text(frame.to_string())
}

/// What faults put before a message.
pub(super) fn troubles(stage: &mut Stage) -> Vec<Message> {
    let mut messages = Vec::new();
    if stage.faults.strikes(Fault::SocketGarbage) {
        messages.push(Message::text("{\"cmd\":"));
    }
    if stage.faults.strikes(Fault::SocketBinary) {
        messages.push(Message::binary(vec![0_u8, 255, 1]));
    }
    if stage.faults.strikes(Fault::SocketUnknown) {
        let req_id = stage.chance.id("", 24);
        messages.push(callback("aibot_nobody_knows", &req_id, &json!({ "msgtype": "nobody_knows" })));
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_as_they_are_documented() {
        let heard = Heard::read(r#"{"cmd":"ping","headers":{"req_id":"ping_2"}}"#).unwrap();
        assert_eq!((heard.cmd.as_str(), heard.req_id.as_str(), heard.body), ("ping", "ping_2", Value::Null));
        assert!(Heard::read(r#"{"headers":{"req_id":"1"},"errcode":0}"#).is_none());
        assert!(Heard::read("ok").is_none());
    }

    #[test]
    fn answers_have_no_command() {
        let text = acknowledgement("r", Err(Refusal::new(846_605))).into_text().unwrap().to_string();
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            answer,
            json!({ "headers": { "req_id": "r" }, "errcode": 846_605, "errmsg": "invalid req_id" })
        );
    }
}

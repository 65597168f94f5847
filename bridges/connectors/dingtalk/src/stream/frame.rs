//! Frames of the stream: JSON in text messages, with their data as a text of JSON. Pure.

use serde_json::{Value, json};

use crate::lenient::{number, text};

/// What a frame is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Asks whether we live.
    Ping,
    /// Says that nothing comes any more and that the connection will be closed.
    Disconnect,
    /// Something of the platform's own that needs no answer.
    System,
    /// An event.
    Event,
    /// A robot's message.
    Robot,
    /// A card's callback.
    Card,
    /// Something that we did not ask for.
    Unknown,
}

/// A frame.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What it is for.
    pub kind: Kind,
    /// By what it is acknowledged; nothing for some of the platform's own.
    pub message_id: String,
    /// What it is about.
    pub topic: String,
    /// Its headers.
    pub headers: Value,
    /// Its data, as it came.
    pub data: String,
}

impl Frame {
    /// Reads a frame; `None` for what is none.
    pub fn read(raw: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(raw).ok()?;
        let headers = value.get("headers").filter(|headers| headers.is_object())?.clone();
        let topic = text(&headers, "topic").unwrap_or_default();
        let kind = match (text(&value, "type")?.as_str(), topic.as_str()) {
            ("SYSTEM", "ping") => Kind::Ping,
            ("SYSTEM", "disconnect") => Kind::Disconnect,
            ("SYSTEM", _) => Kind::System,
            ("EVENT", _) => Kind::Event,
            ("CALLBACK", "/v1.0/im/bot/messages/get") => Kind::Robot,
            ("CALLBACK", "/v1.0/card/instances/callback") => Kind::Card,
            _ => Kind::Unknown,
        };
        let data = match value.get("data") {
            Some(Value::String(data)) => data.clone(),
            Some(data) => data.to_string(),
            None => String::new(),
        };
        Some(Self { kind, message_id: text(&headers, "messageId").unwrap_or_default(), topic, headers, data })
    }

    /// Its data as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_default()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<String> {
        text(&self.headers, name)
    }

    /// A header that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        number(&self.headers, name)
    }

    /// The answer when all is well, or `None` for what wants none. `kept` is whether what it brought is durable.
    pub fn answer(&self, kept: bool) -> Option<String> {
        let (code, message, data) = match (&self.kind, kept) {
            (Kind::Disconnect | Kind::System, _) => return None,
            (Kind::Ping, _) => (200, "OK", self.data.clone()),
            (Kind::Event, true) => (200, "OK", json!({"status": "SUCCESS", "message": "ok"}).to_string()),
            (Kind::Event, false) => {
                (200, "OK", json!({"status": "LATER", "message": "not stored"}).to_string())
            }
            (Kind::Robot, true) => (200, "OK", json!({"response": null}).to_string()),
            // Nothing changes on the card: the new one comes by itself when the work is done.
            (Kind::Card, true) => (200, "OK", json!({"response": unchanged()}).to_string()),
            (Kind::Robot | Kind::Card, false) => (500, "not stored", json!({"response": null}).to_string()),
            (Kind::Unknown, _) => (404, "unknown topic", json!({"response": null}).to_string()),
        };
        let headers = json!({"contentType": "application/json", "messageId": self.message_id});
        Some(json!({"code": code, "headers": headers, "message": message, "data": data}).to_string())
    }
}

/// The answer to a card's callback that leaves the card as it is.
pub fn unchanged() -> Value {
    json!({"cardUpdateOptions": {"updateCardDataByKey": true}, "cardData": {"cardParamMap": {}}})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: &str, topic: &str, data: &str) -> Frame {
        let headers = json!({"appId": "a1", "connectionId": "c1", "contentType": "application/json", "messageId": "m1",
            "time": "1700000000000", "topic": topic});
        let raw = json!({"specVersion": "1.0", "type": kind, "time": 1_700_000_000_000_u64, "headers": headers, "data": data});
        Frame::read(&raw.to_string()).expect("a frame")
    }

    #[test]
    fn every_frame_is_answered_as_the_page_says() {
        let robot = "/v1.0/im/bot/messages/get";
        let card = "/v1.0/card/instances/callback";
        let table = [
            ("SYSTEM", "ping", true, Some((200, r#"{"opaque":"x"}"#))),
            ("SYSTEM", "disconnect", true, None),
            ("SYSTEM", "KEEPALIVE", true, None),
            ("CALLBACK", robot, true, Some((200, r#"{"response":null}"#))),
            ("CALLBACK", robot, false, Some((500, r#"{"response":null}"#))),
            ("EVENT", "*", true, Some((200, r#"{"message":"ok","status":"SUCCESS"}"#))),
            ("EVENT", "*", false, Some((200, r#"{"message":"not stored","status":"LATER"}"#))),
            ("CALLBACK", card, false, Some((500, r#"{"response":null}"#))),
            ("CALLBACK", "/v1.0/graph/api/invoke", true, Some((404, r#"{"response":null}"#))),
        ];
        for (kind, topic, kept, expected) in table {
            let answer = frame(kind, topic, r#"{"opaque":"x"}"#).answer(kept);
            let answer = answer.map(|answer| serde_json::from_str::<Value>(&answer).expect("JSON"));
            let Some((code, data)) = expected else {
                assert_eq!(answer, None, "{topic}");
                continue;
            };
            let answer = answer.expect("an answer");
            assert_eq!(
                (answer["code"].as_u64(), answer["data"].as_str()),
                (Some(code), Some(data)),
                "{topic}"
            );
            assert_eq!(answer["headers"]["messageId"], "m1");
        }
        let answer = frame("CALLBACK", card, "{}").answer(true).expect("an answer");
        assert!(answer.contains("updateCardDataByKey"));
    }

    #[test]
    fn what_is_no_frame_is_none() {
        for garbage in [
            "",
            "[]",
            "{}",
            r#"{"type":"EVENT"}"#,
            r#"{"type":1,"headers":{}}"#,
            r#"{"headers":[],"type":"EVENT"}"#,
        ] {
            assert!(Frame::read(garbage).is_none_or(|frame| frame.kind == Kind::Unknown), "{garbage}");
        }
        let bare = Frame::read(r#"{"type":"SYSTEM","headers":{"topic":"disconnect"},"data":"{}"}"#)
            .expect("a frame");
        assert_eq!((bare.kind, bare.message_id.as_str()), (Kind::Disconnect, ""));
    }
}

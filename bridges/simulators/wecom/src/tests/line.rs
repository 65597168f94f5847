//! A connection of the bot, frame by frame.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::client::{BOT, text};

const PATIENCE: Duration = Duration::from_secs(20);

/// A connection of the bot.
pub(super) struct Line {
    pub(super) socket: WebSocketStream<TcpStream>,
    pub(super) number: u64,
}

impl Line {
    /// The next frame; nothing when the connection ends. What is no text comes as null.
    pub(super) async fn next(&mut self) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await.unwrap()?.ok()?;
            match message {
                Message::Text(text) => return Some(serde_json::from_str(&text).unwrap_or_default()),
                Message::Binary(_) => return Some(Value::Null),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// The next message or event.
    pub(super) async fn callback(&mut self) -> Value {
        loop {
            let frame = self.next().await.unwrap();
            if ["aibot_msg_callback", "aibot_event_callback"].contains(&text(&frame, "cmd").as_str()) {
                return frame;
            }
        }
    }

    pub(super) async fn put(&mut self, cmd: &str, req_id: &str, body: Value) {
        let mut frame = json!({ "cmd": cmd, "headers": { "req_id": req_id } });
        if !body.is_null() {
            frame["body"] = body;
        }
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The answer to a frame that was put.
    pub(super) async fn answer(&mut self, req_id: &str) -> Value {
        loop {
            let frame = self.next().await.unwrap();
            if frame["headers"]["req_id"] == req_id && frame["cmd"].is_null() {
                return frame;
            }
        }
    }

    /// Sends a frame with an id of its own and returns the answer.
    pub(super) async fn tell(&mut self, cmd: &str, body: Value) -> Value {
        self.number += 1;
        let req_id = format!("{cmd}_{}", self.number);
        self.put(cmd, &req_id, body).await;
        self.answer(&req_id).await
    }

    /// Answers a callback; the errcode.
    pub(super) async fn reply(&mut self, to: &Value, cmd: &str, body: Value) -> i64 {
        let req_id = text(&to["headers"], "req_id");
        self.put(cmd, &req_id, body).await;
        self.answer(&req_id).await["errcode"].as_i64().unwrap()
    }

    pub(super) async fn subscribe(&mut self, secret: &str) -> i64 {
        let answer = self.tell("aibot_subscribe", json!({ "bot_id": BOT, "secret": secret })).await;
        answer["errcode"].as_i64().unwrap()
    }

    /// Writes of its own accord; the errcode.
    pub(super) async fn push(&mut self, chat: &str, chat_type: u64, words: &str) -> i64 {
        let body = json!({
            "chatid": chat, "chat_type": chat_type, "msgtype": "markdown", "markdown": { "content": words },
        });
        self.tell("aibot_send_msg", body).await["errcode"].as_i64().unwrap()
    }

    pub(super) async fn ping(&mut self) -> i64 {
        self.tell("ping", Value::Null).await["errcode"].as_i64().unwrap()
    }
}

/// The body of words.
pub(super) fn markdown(words: &str) -> Value {
    json!({ "msgtype": "markdown", "markdown": { "content": words } })
}

/// The body of a stream.
pub(super) fn stream(id: &str, words: &str, finish: bool) -> Value {
    json!({ "msgtype": "stream", "stream": { "id": id, "finish": finish, "content": words } })
}

//! A client of a few lines: a simulator with two people, an app, a bot and a group, and ways to ask, hear and answer.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use simulator_stage::trial;

use super::line::Line;
use crate::{Command, Order, Refusal, Settings, Simulator};

pub(super) const APP: u64 = 1_000_002;
pub(super) const BOT: &str = "aibSimBot";
const BOUNDARY: &str = "an-end-of-a-part";

/// A simulator and a token of its app.
pub(super) struct World {
    pub(super) simulator: Simulator,
    pub(super) corp: String,
    pub(super) chat: String,
    pub(super) token: String,
}

pub(super) async fn world() -> World {
    world_with(|_| {}).await
}

pub(super) async fn world_with(change: impl FnOnce(&mut Settings)) -> World {
    let mut settings = Settings::new(7, trial::clock());
    settings.time_scale = 1_000;
    settings.answer_within_ms = 10_000;
    settings.verify_within_ms = 10_000;
    change(&mut settings);
    let simulator = Simulator::start(settings).await.unwrap();
    let mut world = World { simulator, corp: String::new(), chat: String::new(), token: String::new() };
    world.act(json!({ "do": "set_department", "department_id": 2, "name": "Sales", "parent": 1 })).await;
    for (user_id, name) in [("ZhangSan", "张三"), ("lisi", "Li Si")] {
        let email = format!("{}@corp.example", user_id.to_lowercase());
        let person = json!({ "do": "add_person", "user_id": user_id, "name": name, "email": email, "departments": [2] });
        world.act(person).await;
    }
    let made = world.act(json!({ "do": "add_app", "app": APP, "secret": "secret", "name": "Bridge" })).await;
    world.corp = text(&made, "corp_id");
    world.act(json!({ "do": "add_bot", "bot": BOT, "secret": "bot secret", "name": "Robot" })).await;
    let chat = json!({ "do": "add_chat", "name": "Sales", "people": ["ZhangSan", "lisi"], "bots": [BOT] });
    world.chat = text(&world.act(chat).await, "chat_id");
    world.token = text(&world.token_for("secret").await, "access_token");
    world
}

pub(super) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

impl World {
    pub(super) async fn try_to(&self, command: Value) -> Result<Value, Refusal> {
        let command: Command = serde_json::from_value(command).unwrap();
        self.simulator.act(command).await
    }

    pub(super) async fn act(&self, command: Value) -> Value {
        self.try_to(command).await.unwrap()
    }

    pub(super) async fn token_for(&self, secret: &str) -> Value {
        self.get(&format!("/cgi-bin/gettoken?corpid={}&corpsecret={secret}", self.corp)).await
    }

    /// Asks without a token.
    pub(super) async fn get(&self, path: &str) -> Value {
        let answer = self.raw("GET", path, "", Bytes::new(), None).await.unwrap();
        serde_json::from_slice(&answer.2).unwrap()
    }

    /// Asks with the token of the app; null when the answer is no JSON.
    pub(super) async fn ask(&self, path: &str, body: Value) -> Value {
        self.try_ask(path, body).await.unwrap()
    }

    /// The same; an error when the connection breaks.
    pub(super) async fn try_ask(&self, path: &str, body: Value) -> Result<Value, String> {
        let mark = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{mark}access_token={}", self.token);
        let method = if body.is_null() { "GET" } else { "POST" };
        let answer = self.raw(method, &path, "application/json", trial::body(&body), None).await?;
        Ok(serde_json::from_slice(&answer.2).unwrap_or_default())
    }

    /// The errcode of an answer.
    pub(super) async fn code(&self, path: &str, body: Value) -> i64 {
        self.ask(path, body).await["errcode"].as_i64().unwrap()
    }

    /// Any request to the API; an error when the connection breaks.
    pub(super) async fn raw(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: Bytes,
        range: Option<&str>,
    ) -> Result<(u16, HeaderMap, Bytes), String> {
        let url = if path.starts_with("http") { path.to_owned() } else { self.simulator.api_url() + path };
        let range = range.map(|range| ("Range", range));
        let headers: Vec<_> = [("Content-Type", kind)].into_iter().chain(range).collect();
        trial::request(method, &url, &headers, body).await
    }

    /// Uploads a file as a form; the token stands in the path where it is wanted.
    pub(super) async fn upload(&self, path: &str, name: &str, bytes: &[u8]) -> Value {
        let mut body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"media\"; filename=\"{name}\"; filelength={}\r\n\
             Content-Type: application/octet-stream\r\n\r\n",
            bytes.len()
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        serde_json::from_slice(&self.raw("POST", path, &kind, body.into(), None).await.unwrap().2).unwrap()
    }

    /// Uploads media of the app.
    pub(super) async fn upload_media(&self, kind: &str, name: &str, bytes: &[u8]) -> Value {
        let path = format!("/cgi-bin/media/upload?access_token={}&type={kind}", self.token);
        self.upload(&path, name, bytes).await
    }

    /// The app writes to somebody.
    pub(super) async fn send(&self, to: &str, words: &str) -> Value {
        let body = json!({ "touser": to, "agentid": APP, "msgtype": "text", "text": { "content": words } });
        self.ask("/cgi-bin/message/send", body).await
    }

    /// The chat of somebody with the app.
    pub(super) async fn with_app(&self, person: &str) -> String {
        text(
            &self.act(json!({ "do": "enter", "person": person, "app": APP, "quietly": true })).await,
            "chat_id",
        )
    }

    /// The chat of somebody with the bot.
    pub(super) async fn with_bot(&self, person: &str) -> String {
        text(
            &self.act(json!({ "do": "enter", "person": person, "bot": BOT, "quietly": true })).await,
            "chat_id",
        )
    }

    /// Somebody writes; in the group the bot is mentioned.
    pub(super) async fn speak(&self, person: &str, chat: &str, words: &str) -> String {
        let at = if chat == self.chat { json!([BOT]) } else { json!([]) };
        let speak = json!({ "do": "speak", "person": person, "chat": chat, "text": words, "at": at });
        text(&self.act(speak).await, "message_id")
    }

    /// What a chat shows to somebody.
    pub(super) async fn shown(&self, chat: &str, person: &str) -> Vec<Value> {
        let shown = self.act(json!({ "do": "show", "chat": chat, "person": person })).await;
        shown["messages"].as_array().unwrap().clone()
    }

    pub(super) async fn words(&self, chat: &str) -> Vec<String> {
        self.shown(chat, "lisi").await.iter().map(|message| text(message, "text")).collect()
    }

    pub(super) fn fail(&self, name: &str, value: Value) {
        self.order(json!({ "do": "fail", "name": name, "times": 1, "value": value }));
    }

    pub(super) fn order(&self, order: Value) -> Value {
        let order: Order = serde_json::from_value(order).unwrap();
        self.simulator.order(order).unwrap()
    }

    pub(super) fn skip_minutes(&self, minutes: u64) {
        self.order(json!({ "do": "skip", "ms": minutes * 60_000 }));
    }

    /// Returns when so many events came to this outcome.
    pub(super) async fn fared(&self, outcome: &str, count: usize) {
        trial::fared(async || self.order(json!({ "do": "deliveries" })), outcome, count).await;
    }

    /// Connects without saying who it is.
    pub(super) async fn connect(&self) -> Option<Line> {
        let socket = trial::dial(&self.simulator.socket_url()).await?;
        Some(Line { socket, number: 0 })
    }

    /// Connects as the bot.
    pub(super) async fn subscribed(&self) -> Line {
        let mut line = self.connect().await.unwrap();
        assert_eq!(line.subscribe("bot secret").await, 0);
        line
    }
}

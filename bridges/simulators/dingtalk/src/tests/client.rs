//! A client of a few lines: a simulator with two people, an app, a group, and ways to ask, hear and answer.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use simulator_stage::{Refused, trial};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::{Settings, Simulator};

pub(super) const APP: &str = "dingsimapp";
const PATIENCE: Duration = Duration::from_secs(20);

/// A simulator and a token of its app.
pub(super) struct World {
    pub(super) simulator: Simulator,
    pub(super) chat: String,
    pub(super) token: String,
}

/// HTTP status, answer.
pub(super) type Answered = (u16, Value);

pub(super) async fn world() -> World {
    world_with(|_| {}).await
}

pub(super) async fn world_with(change: impl FnOnce(&mut Settings)) -> World {
    let mut settings = Settings::new(7, trial::clock());
    settings.requests_per_second = 10_000;
    settings.time_scale = 100;
    settings.acknowledge_within_ms = 10_000;
    change(&mut settings);
    let simulator = Simulator::start(settings).await.unwrap();
    let mut world = World { simulator, chat: String::new(), token: String::new() };
    world.act(json!({ "do": "add_department", "department_id": 2, "name": "Sales", "parent": 1 })).await;
    for (user_id, name) in [("zhang", "张三"), ("li", "Li Si")] {
        let person = json!({ "do": "add_person", "user_id": user_id, "name": name, "departments": [2] });
        world.act(person).await;
    }
    world.act(json!({ "do": "add_app", "app_id": APP, "secret": "secret", "name": "Bridge" })).await;
    let chat = json!({ "do": "add_chat", "name": "Sales", "people": ["zhang", "li"], "bots": [APP] });
    world.chat = world.act(chat).await["chat_id"].as_str().unwrap().to_owned();
    world.token = world.token_for("secret").await.1["accessToken"].as_str().unwrap().to_owned();
    world
}

impl World {
    pub(super) async fn try_to(&self, command: Value) -> Result<Value, Refused> {
        self.simulator.perform(command).await
    }

    pub(super) async fn act(&self, command: Value) -> Value {
        self.try_to(command).await.unwrap()
    }

    pub(super) async fn token_for(&self, secret: &str) -> Answered {
        self.new_api("POST", "/v1.0/oauth2/accessToken", json!({ "appKey": APP, "appSecret": secret })).await
    }

    /// Asks the new API with the token of the app.
    pub(super) async fn new_api(&self, method: &str, path: &str, body: Value) -> Answered {
        let url = format!("{}{path}", self.simulator.api_url());
        read(self.raw(method, &url, "application/json", trial::body(&body)).await.unwrap())
    }

    /// Asks the old API; the token stands in the query.
    pub(super) async fn old_api(&self, method: &str, path: &str, body: Value) -> Value {
        let mark = if path.contains('?') { '&' } else { '?' };
        let url = format!("{}{path}{mark}access_token={}", self.simulator.old_api_url(), self.token);
        read(self.raw(method, &url, "application/json", trial::body(&body)).await.unwrap()).1
    }

    /// Any request; an error when the connection breaks.
    pub(super) async fn raw(
        &self,
        method: &str,
        url: &str,
        kind: &str,
        body: Bytes,
    ) -> Result<(u16, Bytes), String> {
        let token = ("x-acs-dingtalk-access-token", self.token.as_str());
        let headers = [("Content-Type", kind), ("Accept", "application/json"), token];
        let (status, _, body) = trial::request(method, url, &headers, body).await?;
        Ok((status, body))
    }

    /// Says a text in the group as the robot.
    pub(super) async fn send(&self, text: &str) -> Answered {
        let param = json!({ "content": text }).to_string();
        let body = json!({
            "robotCode": APP, "openConversationId": self.chat, "msgKey": "sampleText", "msgParam": param,
        });
        self.new_api("POST", "/v1.0/robot/groupMessages/send", body).await
    }

    /// A person writes to the robot in the group.
    pub(super) async fn speak(&self, person: &str, text: &str) -> String {
        let speak = json!({ "do": "speak", "person": person, "chat": self.chat, "text": text, "at": [APP] });
        self.act(speak).await["message_id"].as_str().unwrap().to_owned()
    }

    /// What the group shows.
    pub(super) async fn shown(&self) -> Vec<Value> {
        let shown = self.act(json!({ "do": "show", "chat": self.chat })).await;
        shown["messages"].as_array().unwrap().clone()
    }

    pub(super) async fn fail(&self, name: &str, times: u64, value: Value) {
        self.act(json!({ "do": "fail", "name": name, "times": times, "value": value })).await;
    }

    /// Returns when so many pushes came to this outcome.
    pub(super) async fn fared(&self, outcome: &str, count: usize) {
        trial::fared(async || self.act(json!({ "do": "deliveries" })).await, outcome, count).await;
    }

    /// Asks the gateway.
    pub(super) async fn gateway(&self, secret: &str) -> Answered {
        let subscriptions = json!([
            { "type": "EVENT", "topic": "*" },
            { "type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get" },
            { "type": "CALLBACK", "topic": "/v1.0/card/instances/callback" },
        ]);
        let body = json!({ "clientId": APP, "clientSecret": secret, "subscriptions": subscriptions, "ua": "test/1" });
        self.new_api("POST", "/v1.0/gateway/connections/open", body).await
    }

    /// Connects with a ticket; nothing when it is refused.
    pub(super) async fn redeem(&self, opened: &Value) -> Option<Line> {
        let ticket: String = opened["ticket"].as_str().unwrap().replace('+', "%2B").replace('/', "%2F");
        let url = format!("{}?ticket={}", opened["endpoint"].as_str().unwrap(), ticket.replace('=', "%3D"));
        trial::dial(&url).await.map(Line)
    }

    /// Connects, and returns when the platform knows of the connection.
    pub(super) async fn connect(&self) -> Line {
        let before = self.connections().await;
        let line = self.redeem(&self.gateway("secret").await.1).await.unwrap();
        while self.connections().await == before {
            tokio::task::yield_now().await;
        }
        line
    }

    async fn connections(&self) -> u64 {
        self.act(json!({ "do": "overview" })).await["apps"][0]["connections"].as_u64().unwrap()
    }
}

fn read((status, bytes): (u16, Bytes)) -> Answered {
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

/// A connection of the stream.
pub(super) struct Line(pub(super) WebSocketStream<TcpStream>);

/// The decoded `data` of a frame.
pub(super) fn data(frame: &Value) -> Value {
    serde_json::from_str(frame["data"].as_str().unwrap()).unwrap()
}

impl Line {
    /// The next frame; nothing when the connection ends.
    pub(super) async fn next(&mut self) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await.unwrap()?.ok()?;
            match message {
                Message::Text(text) => return Some(serde_json::from_str(&text).unwrap_or(Value::Null)),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// The next frame of a type.
    pub(super) async fn frame(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await.unwrap();
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    pub(super) async fn answer(&mut self, frame: &Value, code: u64, data: Value) {
        let answer = json!({
            "code": code, "message": "OK", "data": data.to_string(),
            "headers": { "contentType": "application/json", "messageId": frame["headers"]["messageId"] },
        });
        self.0.send(Message::text(answer.to_string())).await.unwrap();
    }

    /// The next message to the robot, acknowledged.
    pub(super) async fn hear(&mut self) -> Value {
        let frame = self.frame("CALLBACK").await;
        self.answer(&frame, 200, json!({ "response": null })).await;
        data(&frame)
    }

    /// The next event, acknowledged: its type and what it says.
    pub(super) async fn event(&mut self) -> (String, Value) {
        let frame = self.frame("EVENT").await;
        self.answer(&frame, 200, json!({ "status": "SUCCESS" })).await;
        (frame["headers"]["eventType"].as_str().unwrap().to_owned(), data(&frame))
    }

    /// The next event of this name.
    pub(super) async fn told(&mut self, wanted: &str) -> Value {
        loop {
            let (name, event) = self.event().await;
            if name == wanted {
                return event;
            }
        }
    }
}

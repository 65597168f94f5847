//! A client of a few lines: a simulator with two people, an app, a group, and ways to ask, hear and answer.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use simulator_stage::trial;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::frame::{CONTROL, DATA, Frame};
use crate::{Command, Order, Settings, Simulator};

pub(super) const APP: &str = "cli_a000000000000001";
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
    settings.chat_messages_per_second = 1_000;
    settings.requests_per_second = 10_000;
    settings.requests_per_minute = 10_000;
    settings.time_scale = 1_000;
    change(&mut settings);
    let simulator = Simulator::start(settings).await.unwrap();
    for (user_id, name) in [("zhang", "张三"), ("li", "Li Si")] {
        let email = format!("{user_id}@corp.example");
        let person = Command::AddPerson {
            user_id: user_id.into(),
            name: name.into(),
            email,
            department: None,
            outside: false,
        };
        simulator.act(person).await.unwrap();
    }
    let app = Command::AddApp {
        app_id: APP.into(),
        secret: "secret".into(),
        name: "Bridge".into(),
        encrypt_key: Some("test key".into()),
    };
    simulator.act(app).await.unwrap();
    // Unpublished while the group is made, so that nothing waits that a test did not cause.
    simulator.act(published(false)).await.unwrap();
    let chat = Command::AddChat {
        name: "Sales".into(),
        owner: Some("zhang".into()),
        people: vec!["li".into()],
        bots: vec![APP.into()],
    };
    let chat = simulator.act(chat).await.unwrap()["chat_id"].as_str().unwrap().to_owned();
    simulator.act(published(true)).await.unwrap();
    let mut world = World { simulator, chat, token: String::new() };
    let (_, answer) = world.token_for("secret").await;
    world.token = answer["tenant_access_token"].as_str().unwrap().to_owned();
    world
}

fn published(published: bool) -> Command {
    Command::ChangeApp {
        app: APP.into(),
        scopes: None,
        bot_enabled: None,
        disabled: None,
        published: Some(published),
        callbacks_subscribed: None,
        secret: None,
    }
}

impl World {
    pub(super) async fn token_for(&self, secret: &str) -> Answered {
        let body = json!({ "app_id": APP, "app_secret": secret });
        self.ask("POST", "/open-apis/auth/v3/tenant_access_token/internal", body).await
    }

    /// Asks the API with the token of the app.
    pub(super) async fn ask(&self, method: &str, path: &str, body: Value) -> Answered {
        let (status, bytes) = self.raw(method, path, "application/json", trial::body(&body)).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// The same with any body; an error when the connection breaks.
    pub(super) async fn raw(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: Bytes,
    ) -> Result<(u16, Bytes), String> {
        let url = format!("{}{path}", self.simulator.api_url());
        let bearer = format!("Bearer {}", self.token);
        let headers = [("Content-Type", kind), ("Authorization", bearer.as_str())];
        let (status, _, body) = trial::request(method, &url, &headers, body).await?;
        Ok((status, body))
    }

    /// Says a text in the group as the app.
    pub(super) async fn send(&self, text: &str, uuid: &str) -> Answered {
        let content = json!({ "text": text }).to_string();
        let body = json!({ "receive_id": self.chat, "msg_type": "text", "content": content, "uuid": uuid });
        self.ask("POST", "/open-apis/im/v1/messages?receive_id_type=chat_id", body).await
    }

    /// A person writes in the group.
    pub(super) async fn speak(&self, person: &str, text: &str) -> String {
        let (person, text) = (person.to_owned(), text.to_owned());
        let command =
            Command::Speak { person, chat: self.chat.clone(), text, reply_to: None, in_thread: false };
        self.simulator.act(command).await.unwrap()["message_id"].as_str().unwrap().to_owned()
    }

    /// What the group shows.
    pub(super) async fn shown(&self) -> Vec<Value> {
        let shown =
            self.simulator.act(Command::Show { chat: self.chat.clone(), person: None }).await.unwrap();
        shown["messages"].as_array().unwrap().clone()
    }

    pub(super) async fn fail(&self, name: &str, times: u64, value: Value) {
        let order = Order::Fail { name: name.into(), times: Some(times), path: None, value };
        self.simulator.order(order).unwrap();
    }

    /// Connects by discovery.
    pub(super) async fn connect(&self) -> Line {
        let body = json!({ "AppID": APP, "AppSecret": "secret" });
        let (_, answer) = self.ask("POST", "/callback/ws/endpoint", body).await;
        let url = answer["data"]["URL"].as_str().unwrap().to_owned();
        let mut line = Line(trial::dial(&url).await.unwrap());
        // An answered ping says that the platform knows of the connection.
        line.ping().await;
        line
    }
}

/// A long connection.
pub(super) struct Line(pub(super) WebSocketStream<TcpStream>);

impl Line {
    pub(super) async fn send(&mut self, frame: &Frame) {
        self.0.send(Message::Binary(frame.encode().into())).await.unwrap();
    }

    /// Pings and returns the payload of the pong.
    pub(super) async fn ping(&mut self) -> Vec<u8> {
        let ping =
            Frame { method: CONTROL, headers: vec![("type".into(), "ping".into())], ..Frame::default() };
        self.send(&ping).await;
        let pong = self.frame().await;
        assert_eq!((pong.method, pong.header("type")), (CONTROL, Some("pong")));
        pong.payload.unwrap()
    }

    /// The next frame.
    pub(super) async fn frame(&mut self) -> Frame {
        let message = tokio::time::timeout(PATIENCE, self.0.next()).await.unwrap().unwrap().unwrap();
        Frame::decode(&message.into_data()).unwrap()
    }

    /// The next event, not acknowledged.
    pub(super) async fn event(&mut self) -> (Frame, Value) {
        let frame = self.frame().await;
        assert_eq!(frame.method, DATA);
        let value = serde_json::from_slice(frame.payload.as_deref().unwrap()).unwrap();
        (frame, value)
    }

    /// Answers an event.
    pub(super) async fn answer(&mut self, frame: Frame, code: u64, data: Option<Value>) {
        let mut payload = json!({ "code": code });
        if let Some(data) = data {
            payload["data"] = STANDARD.encode(data.to_string()).into();
        }
        let mut answer = frame;
        answer.headers.push(("biz_rt".into(), "1".into()));
        answer.payload = Some(payload.to_string().into_bytes());
        self.send(&answer).await;
    }

    /// The next event, acknowledged.
    pub(super) async fn hear(&mut self) -> Value {
        let (frame, value) = self.event().await;
        self.answer(frame, 200, None).await;
        value
    }
}

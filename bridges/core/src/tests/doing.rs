//! What people on both sides of the stage do, and what they see.

use bridge_api::{Arrival, Content, EventKey, Happened, Message, MessageId, Network, RichText, Sender};
use kit::Call;
use serde_json::{Value, json};

use axum::http::Method;

use super::{
    ALICE, Stage, person,
    stage::{BOT, CHAT, conversation},
};

impl Stage {
    /// Alice sends an event.
    pub async fn sends(&mut self, kind: &str, content: Value) -> String {
        let room = self.room.clone();
        self.sends_to(&room, kind, content).await
    }

    /// Alice sends an event to another room.
    pub async fn sends_to(&mut self, room: &str, kind: &str, content: Value) -> String {
        self.counted += 1;
        let transaction = format!("t{}", self.counted);
        let path = ["client", "v3", "rooms", room, "send", kind, &transaction];
        let sent = self.homeserver.does(ALICE, Call::new(Method::PUT, &path).json(content));
        self.tell().await;
        sent["event_id"].as_str().expect("an event").to_owned()
    }

    /// Alice takes something back.
    pub async fn redacts(&mut self, event: &str) {
        self.counted += 1;
        let transaction = format!("t{}", self.counted);
        let path = ["client", "v3", "rooms", &self.room, "redact", event, &transaction];
        self.homeserver.does(ALICE, Call::new(Method::PUT, &path).json(json!({})));
        self.tell().await;
    }

    /// Alice says something.
    pub async fn says(&mut self, body: &str) -> String {
        self.sends("m.room.message", json!({ "msgtype": "m.text", "body": body })).await
    }

    /// Alice says many things, as many at once as a transaction has.
    pub async fn says_all(&mut self, bodies: impl Iterator<Item = usize>) {
        for body in bodies {
            self.counted += 1;
            let transaction = format!("t{}", self.counted);
            let path = ["client", "v3", "rooms", &self.room, "send", "m.room.message", &transaction];
            let content = json!({ "msgtype": "m.text", "body": body.to_string() });
            self.homeserver.does(ALICE, Call::new(Method::PUT, &path).json(content));
            if body % 50 == 0 {
                self.tell().await;
            }
        }
        self.tell().await;
    }

    /// Somebody sets state of the room.
    pub async fn sets_state(&mut self, user: &str, kind: &str, content: Value) {
        let path = ["client", "v3", "rooms", &self.room, "state", kind];
        self.homeserver.does(user, Call::new(Method::PUT, &path).json(content));
        self.tell().await;
    }

    /// Alice uploads a file.
    pub fn uploads(&self) -> String {
        self.uploads_bytes(b"picture")
    }

    /// Alice uploads a file that holds this.
    pub fn uploads_bytes(&self, bytes: &[u8]) -> String {
        let mut call = Call::new(Method::POST, &["media", "v3", "upload"]);
        call.body = kit::Body::File("image/png".to_owned(), bytes::Bytes::copy_from_slice(bytes));
        self.homeserver.does(ALICE, call)["content_uri"].as_str().expect("a file").to_owned()
    }

    /// Something happens on the platform now.
    pub fn arrival(&mut self, what: Happened) -> Arrival {
        self.counted += 1;
        Arrival {
            key: EventKey::new(format!("e{}", self.counted)).expect("valid"),
            conversation: Some(conversation(CHAT)),
            at_ms: self.now_ms(),
            trace: None,
            what,
        }
    }

    /// The same, and the connector hands it in.
    pub async fn happens(&mut self, what: Happened) {
        let arrival = self.arrival(what);
        self.bridges.inbox(Network::Feishu).take(vec![arrival]).await.expect("it is taken");
    }

    /// Li says something there.
    pub fn said_there(&mut self, id: &str, parts: Vec<Content>) -> Happened {
        Happened::Message(Message {
            id: MessageId::new(id).expect("valid"),
            from: Sender::Person { id: person("li"), name: Some("Li".to_owned()), external: None },
            parts,
            reply_to: None,
            thread: None,
        })
    }

    /// Li says words there, and the connector hands them in.
    pub async fn speaks(&mut self, id: &str, words: &str) {
        let what = self.said_there(id, vec![Content::Text(RichText::plain(words))]);
        self.happens(what).await;
    }

    /// What stands in the room: messages, in order.
    pub fn messages(&self) -> Vec<Value> {
        let events = self.homeserver.events(&self.room).into_iter();
        events.filter(|event| event["type"] == "m.room.message").collect()
    }

    /// Whether the bot said something with these words in the room.
    pub fn is_told(&self, words: &str) -> bool {
        self.told(words) > 0
    }

    /// How often the bot did.
    pub fn told(&self, words: &str) -> usize {
        let told = self.messages().into_iter().filter(|event| event["sender"] == BOT);
        told.filter(|event| event["content"]["body"].as_str().is_some_and(|body| body.contains(words)))
            .count()
    }

    /// What the bot told somebody in their direct chat, first one first.
    pub fn told_alone(&self, user: &str) -> Vec<String> {
        let rooms = self.homeserver.direct_rooms_of(BOT, user);
        let events = rooms.iter().flat_map(|room| self.homeserver.events(room));
        let told = events.filter(|event| event["sender"] == BOT && event["type"] == "m.room.message");
        told.filter_map(|event| event["content"]["body"].as_str().map(str::to_owned)).collect()
    }

    /// What people of the platform said in the room.
    pub fn heard(&self) -> Vec<Value> {
        let is_theirs = |event: &Value| event["sender"].as_str().is_some_and(|user| user.starts_with("@fs_"));
        self.messages().into_iter().filter(is_theirs).collect()
    }

    /// The state of the room that says how the line is.
    pub fn status(&self) -> Value {
        self.homeserver.state(&self.room, "com.lianqiao.bridge.status", "feishu")
    }
}

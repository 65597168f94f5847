//! Feishu: its simulator, and our connector in front of it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bridge_api::{Clock, Connector, ConversationId, FileKind, MessageId, PersonId, Rng};
use connector_feishu::{FeishuSettings, Mode, Secret};
use serde_json::{Value, json};
use simulator_feishu::{Command, Order, Settings, Simulator};

use super::common::{TOKENS_EXPIRED, Troubles, buttons, fail, faults, given, text, texts};
use crate::{Fault, FaultKind, Given, MemoryShelf, Platform, Said, Shown, Start};

const APP: &str = "cli_a000000000000001";
const OTHER_APP: &str = "cli_b000000000000002";
const SECRET: &str = "the secret of the app";
const ENCRYPT_KEY: &str = "the key of the app";
const CAST: [(&str, &str); 2] = [("zhang", "张三"), ("li", "Li Si")];

/// How often a connection is looked for before there is none to close.
const DISCONNECT_TRIES_MAX: usize = 1_000;

const FAULTS: &[(&str, FaultKind)] = &[
    ("delivery.duplicate", FaultKind::Inward),
    ("delivery.new_event_id", FaultKind::Inward),
    ("delivery.reordered", FaultKind::Inward),
    ("delivery.delayed", FaultKind::Inward),
    ("delivery.ack_ignored", FaultKind::Inward),
    ("delivery.token_empty", FaultKind::Inward),
    ("delivery.dropped", FaultKind::Dropped),
    ("socket.closed", FaultKind::Inward),
    ("socket.closed_mid_fragment", FaultKind::Inward),
    ("socket.silent", FaultKind::Inward),
    ("socket.fragmented", FaultKind::Inward),
    ("socket.fragments_reversed", FaultKind::Inward),
    ("socket.fragments_missing", FaultKind::Inward),
    ("socket.fragments_repeated", FaultKind::Inward),
    ("socket.fragments_wrong", FaultKind::Inward),
    ("socket.garbage", FaultKind::Inward),
    ("socket.truncated", FaultKind::Inward),
    ("socket.text", FaultKind::Inward),
    ("socket.unknown_type", FaultKind::Inward),
    ("socket.unknown_event", FaultKind::Inward),
    ("connect.code", FaultKind::Connecting),
    ("connect.data_null", FaultKind::Connecting),
    ("connect.refused", FaultKind::Connecting),
    ("socket.no_pong", FaultKind::Connecting),
    ("socket.pong_malformed", FaultKind::Connecting),
    ("api.slow", FaultKind::Outward),
    ("api.disconnected", FaultKind::Outward),
    ("api.server_error", FaultKind::Outward),
    ("api.garbage", FaultKind::Outward),
    ("api.data_null", FaultKind::Outward),
    ("api.code", FaultKind::Outward),
    ("api.rate_limited", FaultKind::Outward),
    ("api.rate_limited_old_style", FaultKind::Outward),
    ("api.answer_lost", FaultKind::Outward),
    ("api.answer_replaced", FaultKind::Outward),
    ("api.truncated", FaultKind::Outward),
    (TOKENS_EXPIRED, FaultKind::Outward),
    ("webhook.wrong_signature", FaultKind::Callback),
    ("webhook.wrong_token", FaultKind::Callback),
    ("webhook.wrong_key", FaultKind::Callback),
    ("webhook.tampered", FaultKind::Callback),
    ("webhook.unsigned", FaultKind::Callback),
    ("webhook.replayed", FaultKind::Callback),
];

/// Starts simulators of Feishu.
pub(super) struct Feishu;

#[async_trait]
impl Start for Feishu {
    fn name(&self) -> &'static str {
        "feishu"
    }

    async fn start(&self, callbacks: bool) -> Arc<dyn Platform> {
        let clock = Clock::system();
        let mut settings = Settings::new(1, Arc::new(move || clock.now_ms()));
        // Everything that waits on the real platform waits here for a moment.
        settings.acknowledge_within_ms = 1_500;
        settings.retry_after_ms = vec![200, 400, 800, 1_600, 3_200, 6_400, 12_800];
        settings.chat_messages_per_second = 10_000;
        settings.requests_per_second = 10_000;
        settings.requests_per_minute = 100_000;
        settings.reconnect_interval_s = 1;
        settings.reconnect_nonce_s = 0;
        settings.ping_interval_s = 1;
        let simulator = Simulator::start(settings).await.expect("the ports are free");
        let mut stand =
            Stand { simulator, verification_token: String::new(), callbacks, troubles: Troubles::default() };
        for (user_id, name) in CAST {
            let email = format!("{user_id}@corp.example");
            let person =
                Command::AddPerson { user_id: user_id.into(), name: name.into(), email, department: None };
            stand.act(person).await;
        }
        let app = Command::AddApp {
            app_id: APP.into(),
            secret: SECRET.into(),
            name: "Bridge".into(),
            encrypt_key: Some(ENCRYPT_KEY.into()),
        };
        let made = stand.act(app).await;
        let other = Command::AddApp {
            app_id: OTHER_APP.into(),
            secret: String::new(),
            name: "Weather".into(),
            encrypt_key: None,
        };
        stand.act(other).await;
        // It listens to nothing, so that no fault strikes its events instead of ours.
        let deaf = Command::ChangeApp {
            app: OTHER_APP.into(),
            scopes: None,
            bot_enabled: None,
            disabled: None,
            published: Some(false),
            callbacks_subscribed: None,
            secret: None,
        };
        stand.act(deaf).await;
        stand.verification_token = text(&made, "verification_token");
        Arc::new(stand)
    }
}

struct Stand {
    simulator: Simulator,
    verification_token: String,
    callbacks: bool,
    troubles: Troubles,
}

fn emoji_type(unicode: &str) -> &'static str {
    match unicode {
        "👍" => "THUMBSUP",
        "❤️" => "HEART",
        other => panic!("the suite has no name for {other}"),
    }
}

impl Stand {
    fn order(&self, order: Order) -> Value {
        self.simulator.order(order).expect("the simulator does it")
    }

    async fn act(&self, command: Command) -> Value {
        self.simulator.act(command).await.expect("the simulator does it")
    }

    async fn make_group(&self, name: &str, owner: &str, bots: Vec<String>) -> ConversationId {
        let people = CAST.iter().map(|(user_id, _)| (*user_id).to_owned()).collect();
        let chat = Command::AddChat { name: name.into(), owner: Some(owner.into()), people, bots };
        ConversationId::new(text(&self.act(chat).await, "chat_id")).expect("an id")
    }

    async fn upload(&self, kind: &str, given: &Given, content_type: &str) -> String {
        let upload = Command::Upload {
            kind: kind.into(),
            name: given.name.clone(),
            content_type: content_type.into(),
            base64: STANDARD.encode(&given.bytes),
        };
        text(&self.act(upload).await, "key")
    }

    /// The kind, the content and the mentions of what is said.
    async fn content(&self, said: Said) -> (&'static str, Value, Vec<String>) {
        match said {
            Said::Text(words) => ("text", json!({ "text": words }), vec![]),
            Said::Mention { before, who, after } => {
                let who = if who == "bot" { APP.to_owned() } else { who };
                ("text", json!({ "text": format!("{before}@_user_1{after}") }), vec![who])
            }
            Said::Everybody(words) => {
                ("text", json!({ "text": format!("{words}@_all") }), vec!["all".into()])
            }
            Said::Formatted { bold, label } => {
                let line = json!([
                    { "tag": "text", "text": bold, "style": ["bold"] },
                    { "tag": "a", "text": label, "href": "https://example.org/", "style": [] },
                ]);
                ("post", json!({ "title": "", "content": [line] }), vec![])
            }
            Said::Sticker => ("sticker", json!({ "file_key": "file_v3_sticker" }), vec![]),
            Said::Location(name) => {
                ("location", json!({ "name": name, "longitude": "121.5", "latitude": "31.2" }), vec![])
            }
            Said::Unknown => ("hologram", json!({ "what": ["is", 1] }), vec![]),
            Said::File(given) => self.file(given).await,
        }
    }

    async fn file(&self, given: Given) -> (&'static str, Value, Vec<String>) {
        let (kind, upload, content_type) = match given.kind {
            FileKind::Image => ("image", "image", "image/png"),
            FileKind::File => ("file", "stream", "application/pdf"),
            FileKind::Voice => ("audio", "opus", "audio/ogg"),
            FileKind::Video => ("media", "mp4", "video/mp4"),
        };
        let key = self.upload(upload, &given, content_type).await;
        let content = match given.kind {
            FileKind::Image => json!({ "image_key": key }),
            FileKind::File => json!({ "file_key": key, "file_name": given.name }),
            FileKind::Voice => json!({ "file_key": key, "duration": 2_000 }),
            FileKind::Video => {
                json!({ "file_key": key, "image_key": "", "file_name": given.name, "duration": 2_000 })
            }
        };
        (kind, content, vec![])
    }

    /// The file that a message shows, as people would open it.
    async fn opened(&self, message: &Value) -> Option<Given> {
        let (kind, key) = file_key(message)?;
        let opened = self.simulator.act(Command::Open { key }).await.ok()?;
        Some(given(kind, &opened))
    }
}

/// The kind and the key of the file in a message.
fn file_key(message: &Value) -> Option<(FileKind, String)> {
    let content = &message["content"];
    let found = match message["kind"].as_str()? {
        "image" => (FileKind::Image, text(content, "image_key")),
        "file" => (FileKind::File, text(content, "file_key")),
        "audio" => (FileKind::Voice, text(content, "file_key")),
        "media" => (FileKind::Video, text(content, "file_key")),
        "post" => {
            let mut nodes =
                content["content"].as_array()?.iter().flat_map(|line| line.as_array().into_iter().flatten());
            (FileKind::Image, text(nodes.find(|node| node["tag"] == "img")?, "image_key"))
        }
        _ => return None,
    };
    Some(found)
}

#[async_trait]
impl Platform for Stand {
    fn connector(&self, shelf: Arc<MemoryShelf>) -> Arc<dyn Connector> {
        let mode = match self.callbacks {
            false => Mode::LongConnection,
            true => Mode::Webhook {
                verification_token: Secret::new(self.verification_token.clone()),
                encrypt_key: Some(Secret::new(ENCRYPT_KEY)),
            },
        };
        let settings = FeishuSettings {
            base_url: self.simulator.api_url().parse().expect("an address"),
            app_id: APP.to_owned(),
            app_secret: Secret::new(SECRET),
            mode,
            authorities: Arc::new(rustls::RootCertStore::empty()),
        };
        let connector = connector_feishu::Feishu::new(settings, shelf, Clock::system(), Rng::seeded(1));
        Arc::new(connector.expect("the settings are right"))
    }

    async fn use_callbacks(&self, url: &str) {
        self.act(Command::UseWebhook { app: APP.into(), url: url.into() }).await;
    }

    async fn group(&self, name: &str) -> ConversationId {
        self.make_group(name, APP, vec![OTHER_APP.into()]).await
    }

    async fn foreign_group(&self, name: &str) -> ConversationId {
        self.make_group(name, "zhang", vec![]).await
    }

    async fn direct(&self, person: &str) -> ConversationId {
        let entered = self.act(Command::Enter { person: person.into(), app: APP.into() }).await;
        ConversationId::new(text(&entered, "chat_id")).expect("an id")
    }

    fn person(&self, person: &str) -> PersonId {
        PersonId::new(Simulator::open_id(APP, person)).expect("an id")
    }

    fn emoji(&self, unicode: &str) -> String {
        emoji_type(unicode).to_owned()
    }

    async fn say(&self, person: &str, conversation: &ConversationId, said: Said) -> MessageId {
        let (kind, content, mentions) = self.content(said).await;
        let say = Command::Say {
            person: person.into(),
            chat: conversation.to_string(),
            kind: kind.into(),
            content,
            mentions,
            reply_to: None,
            in_thread: false,
        };
        MessageId::new(text(&self.act(say).await, "message_id")).expect("an id")
    }

    async fn answer(&self, person: &str, to: &MessageId, words: &str, in_thread: bool) -> MessageId {
        let chat = text(&self.act(Command::Find { message: to.to_string() }).await, "chat_id");
        let speak = Command::Speak {
            person: person.into(),
            chat,
            text: words.into(),
            reply_to: Some(to.to_string()),
            in_thread,
        };
        MessageId::new(text(&self.act(speak).await, "message_id")).expect("an id")
    }

    async fn edit(&self, person: &str, message: &MessageId, text: &str) {
        let (person, message) = (person.into(), message.to_string());
        self.act(Command::Edit { person, message, text: text.into() }).await;
    }

    async fn robot_says(&self, conversation: &ConversationId, words: &str) -> MessageId {
        let speak =
            Command::SpeakAsBot { app: OTHER_APP.into(), chat: conversation.to_string(), text: words.into() };
        MessageId::new(text(&self.act(speak).await, "message_id")).expect("an id")
    }

    async fn recall(&self, person: &str, message: &MessageId) {
        self.act(Command::Recall { person: person.into(), message: message.to_string() }).await;
    }

    async fn react(&self, person: &str, message: &MessageId, unicode: &str, added: bool) {
        let (person, message) = (person.into(), message.to_string());
        self.act(Command::React { person, message, emoji: emoji_type(unicode).into(), added }).await;
    }

    async fn press(&self, person: &str, message: &MessageId, label: &str) -> bool {
        let (person, message) = (person.into(), message.to_string());
        let seen = self.act(Command::Press { person, message, button: label.into(), form: None }).await;
        seen["code"] == 0
    }

    async fn read(&self, person: &str, conversation: &ConversationId) {
        self.act(Command::Read { person: person.into(), chat: conversation.to_string() }).await;
    }

    async fn join(&self, person: &str, conversation: &ConversationId) {
        self.act(Command::Join { person: person.into(), chat: conversation.to_string() }).await;
    }

    async fn leave(&self, person: &str, conversation: &ConversationId) {
        self.act(Command::Leave { person: person.into(), chat: conversation.to_string(), operator: None })
            .await;
    }

    async fn invite_bot(&self, person: &str, conversation: &ConversationId, added: bool) {
        let (person, chat, app) = (person.into(), conversation.to_string(), APP.into());
        let command = match added {
            true => Command::AddBot { person, chat, app },
            false => Command::RemoveBot { person, chat, app },
        };
        self.act(command).await;
    }

    async fn rename(&self, person: &str, conversation: &ConversationId, name: &str) {
        let (person, chat) = (person.into(), conversation.to_string());
        self.act(Command::Rename { person, chat, name: name.into() }).await;
    }

    async fn dissolve(&self, person: &str, conversation: &ConversationId) {
        let (person, chat) = (person.into(), conversation.to_string());
        self.act(Command::Dissolve { person, chat, keeps_history: false }).await;
    }

    async fn shows(&self, conversation: &ConversationId) -> Vec<Shown> {
        let shown = self.act(Command::Show { chat: conversation.to_string(), person: None }).await;
        let mut all = Vec::new();
        for message in shown["messages"].as_array().into_iter().flatten() {
            let reactions = message["reactions"].as_array().into_iter().flatten();
            all.push(Shown {
                id: text(message, "message_id"),
                ours: message["by"] == APP,
                text: text(message, "text"),
                mentions: texts(message, "mentions"),
                parent: message["parent"].as_str().map(str::to_owned),
                thread: message["thread"].as_str().map(str::to_owned),
                recalled: message["recalled"] == true,
                edited: message["edits"].as_u64().unwrap_or(0) > 0,
                reactions: reactions.map(|one| (text(one, "emoji"), one["by"] == APP)).collect(),
                buttons: buttons(message),
                file: self.opened(message).await,
            });
        }
        all
    }

    async fn name_of(&self, conversation: &ConversationId) -> String {
        let overview = self.act(Command::Overview { person: None }).await;
        let mut chats = overview["chats"].as_array().into_iter().flatten();
        chats
            .find(|chat| chat["chat_id"] == conversation.as_str())
            .map(|chat| text(chat, "name"))
            .unwrap_or_default()
    }

    fn faults(&self) -> Vec<Fault> {
        faults(FAULTS)
    }

    async fn fail(&self, fault: &str, times: u64) {
        if fault == TOKENS_EXPIRED {
            self.act(Command::ExpireTokens { app: APP.into() }).await;
            self.troubles.expired();
            return;
        }
        let value = if fault == "connect.code" { json!(1_000_040_350) } else { Value::Null };
        // A connection that fell silent is noticed after twenty seconds: once is enough.
        let times = if fault == "socket.silent" { 1 } else { times };
        self.order(fail(fault, times, "/im/v1/messages", value));
    }

    async fn has_struck(&self, fault: &str) -> bool {
        self.troubles.has_struck(fault, &self.order(Order::Struck))
    }

    async fn disconnect(&self) {
        // Our side knows of a new connection a moment before the platform does.
        for _ in 0..DISCONNECT_TRIES_MAX {
            let closed = self.act(Command::CloseConnections { app: APP.into() }).await;
            if closed["closed"] != 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("there is no connection to close");
    }
}

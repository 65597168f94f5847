//! DingTalk: its simulator, and our connector in front of it.
//!
//! A robot hears what mentions it alone, so everybody here mentions it. What cannot mention anybody in a group, files for
//! example, is said in the chat with the robot instead, as people of DingTalk have to do it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bridge_api::{Clock, Connector, ConversationId, FileKind, MessageId, PersonId, Rng};
use connector_dingtalk::{DingTalk, DingTalkSettings, Mode, Quotas, Secret, limits::CONNECTIONS};
use serde_json::{Value, json};
use simulator_dingtalk::{Command, Order, Settings, Simulator};

use super::common::{TOKENS_EXPIRED, Troubles, buttons, fail, faults, given, text, texts};
use crate::{Fault, FaultKind, Given, MemoryShelf, Platform, Said, Shown, Start, limits::PATIENCE};

const APP: &str = "dingconformance";
const SECRET: &str = "the secret of the app";
const EVENT_TOKEN: &str = "conformancetoken";
const EVENT_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const CAST: [(&str, &str); 2] = [("zhang", "张三"), ("li", "Li Si")];
/// More than any case needs.
const QUOTA: u64 = 1_000_000;

const FAULTS: &[(&str, FaultKind)] = &[
    ("delivery.duplicate", FaultKind::Inward),
    ("delivery.reordered", FaultKind::Inward),
    ("delivery.delayed", FaultKind::Inward),
    ("delivery.ack_ignored", FaultKind::Inward),
    ("socket.closed", FaultKind::Severed),
    ("socket.disconnect", FaultKind::Severed),
    ("socket.garbage", FaultKind::Inward),
    ("socket.binary", FaultKind::Inward),
    ("socket.unknown_topic", FaultKind::Inward),
    ("socket.unknown_type", FaultKind::Inward),
    ("socket.large", FaultKind::Inward),
    ("message.without_staff_id", FaultKind::Inward),
    ("message.without_at_staff_ids", FaultKind::Inward),
    ("message.text_numbers", FaultKind::Inward),
    ("api.slow", FaultKind::Outward),
    ("api.busy", FaultKind::Outward),
    ("api.qps", FaultKind::Outward),
    ("api.qps_of_all", FaultKind::Outward),
    ("api.token_revoked", FaultKind::Outward),
    (TOKENS_EXPIRED, FaultKind::Outward),
    ("webhook.wrong_signature", FaultKind::Callback),
    ("webhook.unsigned", FaultKind::Callback),
    ("webhook.old_timestamp", FaultKind::Callback),
    ("webhook.replayed", FaultKind::Callback),
];

/// Starts simulators of DingTalk.
pub(super) struct DingTalks;

#[async_trait]
impl Start for DingTalks {
    fn name(&self) -> &'static str {
        "dingtalk"
    }

    async fn start(&self, callbacks: bool) -> Arc<dyn Platform> {
        let clock = Clock::system();
        let mut settings = Settings::new(1, Arc::new(move || clock.now_ms()));
        // Everything that waits on the real platform waits here for a moment.
        settings.acknowledge_within_ms = 1_500;
        settings.retry_at_ms = vec![400, 1_600, 3_200, 6_400, 12_800];
        settings.disconnect_grace_ms = 200;
        settings.ping_interval_ms = 1_000;
        settings.requests_per_second = 10_000;
        settings.calls_per_month = QUOTA;
        settings.pushes_per_month = QUOTA;
        let simulator = Simulator::start(settings).await.expect("the ports are free");
        let mut stand =
            Stand { simulator, cool_app: String::new(), callbacks, troubles: Troubles::default() };
        for (user_id, name) in CAST {
            let person = Command::AddPerson {
                user_id: user_id.into(),
                name: name.into(),
                email: format!("{user_id}@corp.example"),
                mobile: String::new(),
                departments: vec![],
                outside: false,
            };
            stand.act(person).await;
        }
        let app = Command::AddApp { app_id: APP.into(), secret: SECRET.into(), name: "Bridge".into() };
        stand.cool_app = text(&stand.act(app).await, "cool_app");
        Arc::new(stand)
    }
}

struct Stand {
    simulator: Simulator,
    cool_app: String,
    callbacks: bool,
    troubles: Troubles,
}

/// What our connector calls a message that the platform shows: ours are known by what the platform answered, which is
/// nothing where they were said by a webhook.
fn id_of(message: &Value) -> String {
    if let Some(track) = message["out_track_id"].as_str() {
        return format!("card:{track}");
    }
    match message["query_key"].as_str() {
        Some(key) => format!("key:{key}"),
        None if message["is_bot"] == true => String::new(),
        None => text(message, "message_id"),
    }
}

/// The address of a picture inside the words of a message.
fn picture(words: &str) -> Option<&str> {
    words.split_once("![](")?.1.split_once(')').map(|(address, _)| address)
}

/// The kind and the media of the file in a message.
fn file_of(message: &Value) -> Option<(FileKind, String)> {
    let content = &message["content"];
    let found = match message["kind"].as_str()? {
        "sampleImageMsg" => (FileKind::Image, text(content, "photoURL")),
        "sampleMarkdown" => (FileKind::Image, picture(content["text"].as_str()?)?.to_owned()),
        "sampleFile" => (FileKind::File, text(content, "mediaId")),
        "sampleAudio" => (FileKind::Voice, text(content, "mediaId")),
        "sampleVideo" => (FileKind::Video, text(content, "videoMediaId")),
        _ => return None,
    };
    Some(found)
}

/// The words of a quoted line, if there is one.
fn quoted(words: &str) -> Option<&str> {
    words.lines().find_map(|line| line.strip_prefix('>')).map(str::trim)
}

impl Stand {
    fn order(&self, order: Order) -> Value {
        self.simulator.order(order).expect("the simulator does it")
    }

    async fn act(&self, command: Command) -> Value {
        self.simulator.act(command).await.expect("the simulator does it")
    }

    /// Waits until all connections of the app are open.
    async fn all_connected(&self) {
        let connected = async {
            loop {
                let overview = self.act(Command::Overview { person: None }).await;
                let mut apps = overview["apps"].as_array().into_iter().flatten();
                if apps.any(|app| app["app_id"] == APP && app["connections"] == CONNECTIONS) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, connected).await.expect("all connections open");
    }

    /// The chat behind what our connector calls a conversation.
    async fn chat(&self, conversation: &ConversationId) -> String {
        match conversation.as_str().strip_prefix("user:") {
            Some(person) => self.enter(person).await,
            None => conversation.to_string(),
        }
    }

    async fn enter(&self, person: &str) -> String {
        let entered = self.act(Command::Enter { person: person.into(), app: APP.into() }).await;
        text(&entered, "chat_id")
    }

    async fn make_group(&self, name: &str, ours: bool) -> ConversationId {
        let app = ours.then(|| APP.to_owned());
        let chat = Command::AddChat {
            name: name.into(),
            owner: Some("zhang".into()),
            people: CAST.iter().map(|(user_id, _)| (*user_id).to_owned()).collect(),
            bots: app.iter().cloned().collect(),
            template: app.is_some().then(|| "conformance".to_owned()),
            made_by: app,
        };
        ConversationId::new(text(&self.act(chat).await, "chat_id")).expect("an id")
    }

    /// The kind, the content and who is mentioned beside the robot.
    async fn content(&self, said: Said) -> (&'static str, Value, Vec<String>) {
        match said {
            Said::Text(words) => ("text", json!({ "content": words }), vec![]),
            // The names of those who are mentioned are cut out of the words.
            Said::Mention { before, who, after } => {
                let who = if who == "bot" { vec![] } else { vec![who] };
                ("text", json!({ "content": format!("{before}{after}") }), who)
            }
            Said::Everybody(words) => ("text", json!({ "content": words }), vec!["all".into()]),
            Said::Formatted { bold, label } => {
                ("richText", json!({ "richText": [{ "text": format!("{bold} {label}") }] }), vec![])
            }
            Said::Sticker | Said::Location(_) | Said::Unknown => {
                ("unknownMsgType", json!({ "unknownMsgType": "暂不支持的消息类型" }), vec![])
            }
            Said::File(given) => {
                let (kind, upload) = match given.kind {
                    FileKind::Image => ("picture", "image"),
                    FileKind::File => ("file", "file"),
                    FileKind::Voice => ("audio", "voice"),
                    FileKind::Video => ("video", "video"),
                };
                let upload = Command::Upload {
                    kind: upload.into(),
                    name: given.name.clone(),
                    base64: STANDARD.encode(&given.bytes),
                };
                let key = text(&self.act(upload).await, "key");
                let content = match given.kind {
                    FileKind::Image => json!({ "key": key }),
                    FileKind::File => json!({ "key": key, "fileName": given.name }),
                    FileKind::Voice => json!({ "key": key, "recognition": "", "duration": 2_000 }),
                    FileKind::Video => json!({ "key": key, "videoType": "mp4", "duration": "2" }),
                };
                (kind, content, vec![])
            }
        }
    }

    async fn opened(&self, message: &Value) -> Option<Given> {
        let (kind, media) = file_of(message)?;
        let opened = self.simulator.act(Command::Open { media }).await.ok()?;
        Some(given(kind, &opened))
    }

    /// The platform's own id of what our connector calls a message.
    async fn message(&self, message: &MessageId) -> String {
        let overview = self.act(Command::Overview { person: None }).await;
        for chat in overview["chats"].as_array().into_iter().flatten() {
            let shown = self.act(Command::Show { chat: text(chat, "chat_id"), person: None }).await;
            let mut messages = shown["messages"].as_array().into_iter().flatten();
            if let Some(found) = messages.find(|shown| id_of(shown) == message.as_str()) {
                return text(found, "message_id");
            }
        }
        panic!("the platform does not know {message}")
    }
}

#[async_trait]
impl Platform for Stand {
    fn connector(&self, shelf: Arc<MemoryShelf>) -> Arc<dyn Connector> {
        let mode = match self.callbacks {
            false => Mode::Stream,
            true => Mode::Webhook {
                token: Secret::new(EVENT_TOKEN),
                aes_key: Secret::new(EVENT_KEY),
                card_secret: None,
            },
        };
        let settings = DingTalkSettings {
            api_url: self.simulator.api_url().parse().expect("an address"),
            old_api_url: self.simulator.old_api_url().parse().expect("an address"),
            client_id: APP.to_owned(),
            client_secret: Secret::new(SECRET),
            robot_code: APP.to_owned(),
            mode,
            cool_app_code: Some(self.cool_app.clone()),
            card_template: Some("conformance.schema".to_owned()),
            webhooks: vec![],
            quotas: Quotas { api_calls_month: QUOTA, pushes_month: QUOTA },
            file_hosts: vec![],
            authorities: Arc::new(rustls::RootCertStore::empty()),
        };
        let connector = DingTalk::new(settings, shelf, Clock::system(), Rng::seeded(1));
        Arc::new(connector.expect("the settings are right"))
    }

    async fn use_callbacks(&self, url: &str) {
        self.act(Command::UseRobotWebhook { app: APP.into(), url: url.into() }).await;
        let events = Command::UseEventWebhook {
            app: APP.into(),
            url: url.into(),
            token: EVENT_TOKEN.into(),
            aes_key: EVENT_KEY.into(),
        };
        self.act(events).await;
    }

    async fn group(&self, name: &str) -> ConversationId {
        self.make_group(name, true).await
    }

    async fn foreign_group(&self, name: &str) -> ConversationId {
        self.make_group(name, false).await
    }

    async fn direct(&self, person: &str) -> ConversationId {
        self.enter(person).await;
        ConversationId::new(format!("user:{person}")).expect("an id")
    }

    fn person(&self, person: &str) -> PersonId {
        PersonId::new(person).expect("an id")
    }

    fn emoji(&self, unicode: &str) -> String {
        unicode.to_owned()
    }

    async fn say(&self, person: &str, conversation: &ConversationId, said: Said) -> MessageId {
        let silent = matches!(&said, Said::File(given) if given.kind != FileKind::Image);
        let (kind, content, mut at) = self.content(said).await;
        let chat = if silent { self.enter(person).await } else { self.chat(conversation).await };
        if !silent {
            at.push(APP.to_owned());
        }
        let say =
            Command::Say { person: person.into(), chat, kind: kind.into(), content, at, reply_to: None };
        MessageId::new(text(&self.act(say).await, "message_id")).expect("an id")
    }

    async fn answer(&self, person: &str, to: &MessageId, words: &str, _in_thread: bool) -> MessageId {
        let to = self.message(to).await;
        let chat = text(&self.act(Command::Find { message: to.clone() }).await, "chat_id");
        let speak = Command::Speak {
            person: person.into(),
            chat,
            text: words.into(),
            at: vec![APP.into()],
            reply_to: Some(to),
        };
        MessageId::new(text(&self.act(speak).await, "message_id")).expect("an id")
    }

    async fn edit(&self, _person: &str, _message: &MessageId, _text: &str) {
        panic!("people of DingTalk cannot change what a robot heard");
    }

    async fn robot_says(&self, _conversation: &ConversationId, _text: &str) -> MessageId {
        panic!("robots of DingTalk do not hear each other");
    }

    async fn recall(&self, person: &str, message: &MessageId) {
        let message = self.message(message).await;
        self.act(Command::Recall { person: person.into(), message }).await;
    }

    async fn react(&self, _person: &str, _message: &MessageId, _unicode: &str, _added: bool) {
        panic!("robots of DingTalk are not told of reactions");
    }

    async fn press(&self, person: &str, message: &MessageId, label: &str) -> bool {
        let message = self.message(message).await;
        let press = Command::Press { person: person.into(), message, button: label.into(), params: None };
        self.act(press).await["answered"] == true
    }

    async fn read(&self, person: &str, conversation: &ConversationId) {
        let chat = self.chat(conversation).await;
        self.act(Command::Read { person: person.into(), chat }).await;
    }

    async fn join(&self, person: &str, conversation: &ConversationId) {
        self.act(Command::Join { person: person.into(), chat: conversation.to_string() }).await;
    }

    async fn leave(&self, person: &str, conversation: &ConversationId) {
        let leave = Command::Leave { person: person.into(), chat: conversation.to_string(), operator: None };
        self.act(leave).await;
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
        self.act(Command::Dissolve { person, chat }).await;
    }

    fn tells_of_recalled_words_of_people(&self) -> bool {
        false
    }

    fn finds_people_by_address(&self) -> bool {
        false
    }

    async fn shows(&self, conversation: &ConversationId) -> Vec<Shown> {
        let chat = self.chat(conversation).await;
        let shown = self.act(Command::Show { chat, person: None }).await;
        let mut all: Vec<Shown> = Vec::new();
        for message in shown["messages"].as_array().into_iter().flatten() {
            let words = text(message, "text");
            // A robot cannot answer a message: it quotes how it began.
            let began = |earlier: &&Shown| {
                let said = earlier.text.strip_prefix("@Bridge ").unwrap_or(&earlier.text);
                quoted(&words).is_some_and(|line| line.contains(said))
            };
            let ours = message["is_bot"] == true;
            let answered = all.iter().find(began).filter(|_| ours).map(|earlier| earlier.id.clone());
            let shown = Shown {
                id: id_of(message),
                ours,
                mentions: texts(message, "mentions"),
                parent: message["parent"].as_str().map(str::to_owned).or(answered),
                thread: None,
                recalled: message["recalled"] == true,
                edited: false,
                reactions: vec![],
                buttons: buttons(message),
                file: self.opened(message).await,
                text: words,
            };
            all.push(shown);
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
        if FAULTS.iter().any(|(name, kind)| *name == fault && matches!(kind, FaultKind::Severed)) {
            self.all_connected().await;
        }
        self.order(fail(fault, times, "/robot/groupMessages/send", Value::Null));
    }

    async fn has_struck(&self, fault: &str) -> bool {
        self.troubles.has_struck(fault, &self.order(Order::Struck))
    }

    async fn disconnect(&self) {
        self.act(Command::CloseConnections { app: APP.into() }).await;
    }
}

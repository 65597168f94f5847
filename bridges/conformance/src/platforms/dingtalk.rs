//! DingTalk: its simulator, and our connector in front of it.
//!
//! A robot hears what mentions it alone, so everybody here mentions it. What cannot mention anybody in a group, files for
//! example, is said in the chat with the robot instead, as people of DingTalk have to do it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bridge_api::{Clock, Connector, ConversationId, FileKind, Rng};
use connector_dingtalk::{DingTalk, DingTalkSettings, Mode, Quotas, Secret, limits::CONNECTIONS};
use serde_json::{Value, json};
use simulator_dingtalk::{Settings, Simulator};
use simulator_stage::Refused;

use super::faults::DINGTALK;
use crate::control::{cast, conversation, faults, group, list, quoted, text, upload, with};
use crate::{Fault, FaultKind, Given, MemoryShelf, Platform, Said, Shown, Start, limits::PATIENCE};

const APP: &str = "dingconformance";
const SECRET: &str = "the secret of the app";
const EVENT_TOKEN: &str = "conformancetoken";
const EVENT_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
/// More than any case needs.
const QUOTA: u64 = 1_000_000;

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
        // The last of them is later than a dead connection is noticed.
        settings.retry_at_ms = vec![400, 1_600, 3_200, 4_800, 6_400, 8_000, 9_600, 12_800, 25_600, 75_000];
        settings.disconnect_grace_ms = 200;
        settings.ping_interval_ms = 1_000;
        settings.requests_per_second = 10_000;
        settings.calls_per_month = QUOTA;
        settings.pushes_per_month = QUOTA;
        let simulator = Simulator::start(settings).await.expect("the ports are free");
        let mut stand = Stand { simulator, cool_app: String::new(), callbacks };
        for person in cast() {
            stand.act(person).await;
        }
        let app = json!({ "do": "add_app", "app_id": APP, "secret": SECRET, "name": "Bridge" });
        stand.cool_app = text(&stand.act(app).await, "cool_app");
        Arc::new(stand)
    }
}

struct Stand {
    simulator: Simulator,
    cool_app: String,
    callbacks: bool,
}

/// The address of a picture inside the words of a message.
fn picture(words: &str) -> Option<&str> {
    words.split_once("![](")?.1.split_once(')').map(|(address, _)| address)
}

impl Stand {
    /// Waits until all connections of the app are open.
    async fn all_connected(&self) {
        let connected = async {
            loop {
                let overview = self.act(json!({ "do": "overview" })).await;
                let mut apps = list(&overview, "apps").iter();
                if apps.any(|app| app["app_id"] == APP && app["connections"] == CONNECTIONS) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, connected).await.expect("all connections open");
    }

    async fn enter(&self, person: &str) -> String {
        text(&self.act(json!({ "do": "enter", "person": person, "app": APP })).await, "chat_id")
    }

    async fn file(&self, given: &Given) -> (&'static str, Value) {
        let (kind, uploaded_as) = match given.kind {
            FileKind::Image => ("picture", "image"),
            FileKind::File => ("file", "file"),
            FileKind::Voice => ("audio", "voice"),
            FileKind::Video => ("video", "video"),
        };
        let key = text(&self.act(upload(uploaded_as, given)).await, "key");
        let content = match given.kind {
            FileKind::Image => json!({ "key": key }),
            FileKind::File => json!({ "key": key, "fileName": given.name }),
            FileKind::Voice => json!({ "key": key, "recognition": "", "duration": 2_000 }),
            FileKind::Video => json!({ "key": key, "videoType": "mp4", "duration": "2" }),
        };
        (kind, content)
    }
}

#[async_trait]
impl Platform for Stand {
    async fn perform(&self, command: Value) -> Result<Value, Refused> {
        self.simulator.perform(command).await
    }

    fn us(&self) -> &'static str {
        APP
    }

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
            operator: Some("zhang".to_owned()),
            approval_centre: true,
            webhooks: vec![],
            quotas: Quotas { api_calls_month: QUOTA, pushes_month: QUOTA },
            file_hosts: vec![],
            authorities: Arc::new(rustls::RootCertStore::empty()),
        };
        let connector = DingTalk::new(settings, shelf, Clock::system(), Rng::seeded(1));
        Arc::new(connector.expect("the settings are right"))
    }

    async fn use_callbacks(&self, url: &str) {
        self.act(json!({ "do": "use_robot_webhook", "app": APP, "url": url })).await;
        let events = json!({
            "do": "use_event_webhook", "app": APP, "url": url, "token": EVENT_TOKEN, "aes_key": EVENT_KEY,
        });
        self.act(events).await;
    }

    async fn group(&self, name: &str) -> ConversationId {
        let ours = json!({ "bots": [APP], "template": "conformance", "made_by": APP });
        conversation(text(&self.act(group(name, ours)).await, "chat_id"))
    }

    async fn foreign_group(&self, name: &str) -> ConversationId {
        conversation(text(&self.act(group(name, json!({}))).await, "chat_id"))
    }

    async fn direct(&self, person: &str) -> ConversationId {
        self.enter(person).await;
        conversation(format!("user:{person}"))
    }

    async fn saying(&self, person: &str, conversation: &ConversationId, said: Said) -> Value {
        let silent = matches!(&said, Said::File(given) if given.kind != FileKind::Image);
        let mut at = if silent { vec![] } else { vec![APP.to_owned()] };
        let (kind, content) = match said {
            Said::Text(words) => ("text", json!({ "content": words })),
            // The names of those who are mentioned are cut out of the words.
            Said::Mention { before, who, after } => {
                at.extend((who != "bot").then_some(who));
                ("text", json!({ "content": format!("{before}{after}") }))
            }
            Said::Everybody(words) => {
                at.push("all".to_owned());
                ("text", json!({ "content": words }))
            }
            Said::Formatted { bold, label } => {
                ("richText", json!({ "richText": [{ "text": format!("{bold} {label}") }] }))
            }
            Said::Sticker | Said::Location(_) | Said::Unknown => {
                ("unknownMsgType", json!({ "unknownMsgType": "暂不支持的消息类型" }))
            }
            Said::File(given) => self.file(&given).await,
        };
        let chat = if silent { self.enter(person).await } else { self.chat(conversation).await };
        json!({ "do": "say", "person": person, "chat": chat, "kind": kind, "content": content, "at": at })
    }

    fn file_of(&self, message: &Value) -> Option<(FileKind, String)> {
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

    fn faults(&self) -> Vec<Fault> {
        faults(DINGTALK)
    }

    fn path(&self) -> &'static str {
        "/robot/groupMessages/send"
    }

    async fn stricken(&self, fault: &str) -> ConversationId {
        // What was not delivered to people is said of people alone.
        if fault.starts_with("send.") { self.direct("li").await } else { self.group("trouble").await }
    }

    async fn beside(&self) -> ConversationId {
        self.direct("zhang").await
    }

    async fn chat(&self, conversation: &ConversationId) -> String {
        match conversation.as_str().strip_prefix("user:") {
            Some(person) => self.enter(person).await,
            None => conversation.to_string(),
        }
    }

    // Ours are known by what the platform answered, which is nothing where they were said by a webhook.
    fn id_of(&self, message: &Value) -> String {
        if let Some(track) = message["out_track_id"].as_str() {
            return format!("card:{track}");
        }
        match message["query_key"].as_str() {
            Some(key) => format!("key:{key}"),
            None if message["is_bot"] == true => String::new(),
            None => text(message, "message_id"),
        }
    }

    fn quoted(&self, words: &str, earlier: &[Shown]) -> Option<String> {
        quoted(words, earlier)
    }

    fn tells_of_recalled_words_of_people(&self) -> bool {
        false
    }

    fn finds_people_by_address(&self) -> bool {
        false
    }

    async fn fail(&self, fault: &str, times: u64) {
        // What is about connections strikes while all of them stand.
        let kinds = [FaultKind::Severed, FaultKind::Connecting, FaultKind::Misconfigured];
        if kinds.into_iter().any(|kind| DINGTALK.contains(&(fault, kind))) {
            self.all_connected().await;
        }
        let order = self.failure(fault, times);
        let order = match fault {
            "api.code" => with(order, json!({ "value": "contain.unsafe.url" })),
            // A connection that fell silent is noticed after a minute: once is enough.
            "socket.silent" => with(order, json!({ "times": 1 })),
            _ => order,
        };
        self.act(order).await;
        match fault {
            // Something has to end a connection, and a token, before these can strike.
            "socket.disconnect_bare" => {
                self.act(self.failure("socket.disconnect", times)).await;
            }
            "token.expires_at_once" => {
                self.act(self.end_of_tokens()).await;
            }
            _ => {}
        }
    }
}

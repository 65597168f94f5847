//! Feishu: its simulator, and our connector in front of it.

use std::sync::Arc;

use async_trait::async_trait;
use bridge_api::{Clock, Connector, ConversationId, FileKind, MessageId, PersonId, Rng};
use connector_feishu::{ApprovalCentre, FeishuSettings, Mode, OfficeSettings, Secret};
use serde_json::{Value, json};
use simulator_feishu::{Settings, Simulator};
use simulator_stage::Refused;

use super::faults::FEISHU;
use crate::control::{cast, conversation, fail, faults, group, text, upload, with};
use crate::limits::QUIET;
use crate::{Fault, Given, MemoryShelf, Platform, Said, Start};

const APP: &str = "cli_a000000000000001";
const OTHER_APP: &str = "cli_b000000000000002";
const SECRET: &str = "the secret of the app";
const ENCRYPT_KEY: &str = "the key of the app";
const APPROVAL_TOKEN: &str = "the token of approvals";
const APPROVAL_KEY: &str = "the key of approvals";
/// The address that our kind of approval names; the platform finds us by it wherever a case opens our door.
const APPROVALS_AT: &str = "https://bridge.example.org/callback";

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
        let mut stand = Stand { simulator, verification_token: String::new(), callbacks };
        for person in cast() {
            stand.act(person).await;
        }
        let app = json!({
            "do": "add_app", "app_id": APP, "secret": SECRET, "name": "Bridge", "encrypt_key": ENCRYPT_KEY,
        });
        stand.verification_token = text(&stand.act(app).await, "verification_token");
        stand.act(json!({ "do": "add_app", "app_id": OTHER_APP, "secret": "", "name": "Weather" })).await;
        // It listens to nothing, so that no fault strikes its events instead of ours.
        stand.act(json!({ "do": "change_app", "app": OTHER_APP, "published": false })).await;
        Arc::new(stand)
    }
}

struct Stand {
    simulator: Simulator,
    verification_token: String,
    callbacks: bool,
}

impl Stand {
    async fn file(&self, given: &Given) -> (&'static str, Value) {
        let (kind, uploaded_as, content_type) = match given.kind {
            FileKind::Image => ("image", "image", "image/png"),
            FileKind::File => ("file", "stream", "application/pdf"),
            FileKind::Voice => ("audio", "opus", "audio/ogg"),
            FileKind::Video => ("media", "mp4", "video/mp4"),
        };
        let upload = with(upload(uploaded_as, given), json!({ "content_type": content_type }));
        let key = text(&self.act(upload).await, "key");
        let content = match given.kind {
            FileKind::Image => json!({ "image_key": key }),
            FileKind::File => json!({ "file_key": key, "file_name": given.name }),
            FileKind::Voice => json!({ "file_key": key, "duration": 2_000 }),
            FileKind::Video => {
                json!({ "file_key": key, "image_key": "", "file_name": given.name, "duration": 2_000 })
            }
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
            read_again_every: Some(QUIET),
            office: OfficeSettings {
                approvals: Some(ApprovalCentre {
                    callback_url: APPROVALS_AT.parse().expect("an address"),
                    token: Secret::new(APPROVAL_TOKEN),
                    key: Some(Secret::new(APPROVAL_KEY)),
                    code: "lianqiao-approvals".to_owned(),
                }),
                native_codes: vec![Simulator::NATIVE_CODE.to_owned()],
                meetings_every: QUIET / 4,
                todos_every: QUIET,
            },
        };
        let connector = connector_feishu::Feishu::new(settings, shelf, Clock::system(), Rng::seeded(1));
        Arc::new(connector.expect("the settings are right"))
    }

    async fn use_callbacks(&self, url: &str) {
        self.act(json!({ "do": "reroute", "from": APPROVALS_AT, "to": url })).await;
        if self.callbacks {
            self.act(json!({ "do": "use_webhook", "app": APP, "url": url })).await;
        }
    }

    fn needs_door(&self) -> bool {
        true
    }

    async fn group(&self, name: &str) -> ConversationId {
        let made = self.act(group(name, json!({ "owner": APP, "bots": [OTHER_APP] }))).await;
        conversation(text(&made, "chat_id"))
    }

    async fn foreign_group(&self, name: &str) -> ConversationId {
        conversation(text(&self.act(group(name, json!({}))).await, "chat_id"))
    }

    async fn direct(&self, person: &str) -> ConversationId {
        let entered = self.act(json!({ "do": "enter", "person": person, "app": APP })).await;
        conversation(text(&entered, "chat_id"))
    }

    async fn saying(&self, person: &str, conversation: &ConversationId, said: Said) -> Value {
        let mut mentions = vec![];
        let (kind, content) = match said {
            Said::Text(words) => ("text", json!({ "text": words })),
            Said::Mention { before, who, after } => {
                mentions.push(if who == "bot" { APP.to_owned() } else { who });
                ("text", json!({ "text": format!("{before}@_user_1{after}") }))
            }
            Said::Everybody(words) => {
                mentions.push("all".to_owned());
                ("text", json!({ "text": format!("{words}@_all") }))
            }
            Said::Formatted { bold, label } => {
                let line = json!([
                    { "tag": "text", "text": bold, "style": ["bold"] },
                    { "tag": "a", "text": label, "href": "https://example.org/", "style": [] },
                ]);
                ("post", json!({ "title": "", "content": [line] }))
            }
            Said::Sticker => ("sticker", json!({ "file_key": "file_v3_sticker" })),
            Said::Location(name) => {
                ("location", json!({ "name": name, "longitude": "121.5", "latitude": "31.2" }))
            }
            Said::Unknown => ("hologram", json!({ "what": ["is", 1] })),
            Said::File(given) => self.file(&given).await,
        };
        json!({
            "do": "say", "person": person, "chat": conversation.as_str(), "kind": kind, "content": content,
            "mentions": mentions,
        })
    }

    fn file_of(&self, message: &Value) -> Option<(FileKind, String)> {
        let content = &message["content"];
        let found = match message["kind"].as_str()? {
            "image" => (FileKind::Image, text(content, "image_key")),
            "file" => (FileKind::File, text(content, "file_key")),
            "audio" => (FileKind::Voice, text(content, "file_key")),
            "media" => (FileKind::Video, text(content, "file_key")),
            "post" => {
                let mut nodes = content["content"]
                    .as_array()?
                    .iter()
                    .flat_map(|line| line.as_array().into_iter().flatten());
                (FileKind::Image, text(nodes.find(|node| node["tag"] == "img")?, "image_key"))
            }
            _ => return None,
        };
        Some(found)
    }

    fn faults(&self) -> Vec<Fault> {
        faults(FEISHU)
    }

    fn path(&self) -> &'static str {
        "/im/v1/messages"
    }

    fn person(&self, person: &str) -> PersonId {
        PersonId::new(Simulator::open_id(APP, person)).expect("an id")
    }

    fn emoji(&self, unicode: &str) -> String {
        match unicode {
            "👍" => "THUMBSUP".to_owned(),
            "❤️" => "HEART".to_owned(),
            other => panic!("the suite has no name for {other}"),
        }
    }

    fn answering(&self, in_thread: bool) -> Value {
        json!({ "in_thread": in_thread })
    }

    async fn robot_says(&self, conversation: &ConversationId, words: &str) -> MessageId {
        let chat = conversation.as_str();
        let speak = json!({ "do": "speak_as_bot", "app": OTHER_APP, "chat": chat, "text": words });
        MessageId::new(text(&self.act(speak).await, "message_id")).expect("an id")
    }

    fn has_worked(&self, pressed: &Value) -> bool {
        pressed["code"] == 0
    }

    fn is_ours(&self, message: &Value) -> bool {
        message["by"] == APP
    }

    async fn fail(&self, fault: &str, times: u64) {
        let order = match fault {
            "connect.code" => with(fail(fault, times, self.path()), json!({ "value": 1_000_040_350 })),
            "socket.ping_interval" => with(fail(fault, times, self.path()), json!({ "value": 2 })),
            // A connection that fell silent is noticed after twenty seconds: once is enough.
            "socket.silent" => fail(fault, 1, self.path()),
            _ => self.failure(fault, times),
        };
        self.act(order).await;
    }
}

//! WeCom: its simulator, and our connector in front of it, with a self-built app and an AI bot at once.
//!
//! Groups are groups with the bot, which hears what addresses it alone. What groups do not bring is said to the bot or the app
//! directly, as people of WeCom have to; what bots cannot do is tried where the app can. With callbacks alone all goes to the app.

mod said;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bridge_api::{Ability, Clock, Connector, ConversationId, FileKind, Rng, Secret};
use connector_wecom::{App, Bot, BotMode, Hook, Intervals, ServiceSettings, WeCom, WeComSettings};
use serde_json::{Value, json};
use simulator_stage::Refused;
use simulator_wecom::{Settings, Simulator};

use self::said::{Where, seen};
use super::faults::WECOM;
use crate::control::{cast, conversation, faults, group, list, quoted, text, upload, with};
use crate::{Fault, MemoryShelf, Platform, Said, Shown, Start};

const AGENT: u64 = 1_000_002;
const SECRET: &str = "the secret of the app";
const BOT: &str = "aibconformance";
const BOT_SECRET: &str = "the secret of the bot";
const BOT_NAME: &str = "Bridge";
const CALLBACK_TOKEN: &str = "conformancetoken";
/// The sample of the platform's own pages, which a strict decoder refuses.
const CALLBACK_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
/// How often the connector does what nobody asks for: no case waits for long, and a busy machine is not taken for a dead connection.
const INTERVAL: Duration = Duration::from_secs(5);
/// With what customers are welcomed.
const WELCOME: &str = "您好";
/// More than any case needs.
const MANY: u32 = 1_000_000;

/// Starts simulators of WeCom.
pub(super) struct WeComs {
    /// Whether our connector serves customers as well.
    pub(super) serves_customers: bool,
}

#[async_trait]
impl Start for WeComs {
    fn name(&self) -> &'static str {
        "wecom"
    }

    async fn start(&self, callbacks: bool) -> Arc<dyn Platform> {
        let clock = Clock::system();
        let mut settings = Settings::new(1, Arc::new(move || clock.now_ms()));
        // Everything that waits on the real platform waits here for a moment.
        settings.retry_waits_ms = vec![300, 900, 2_700, 8_100];
        settings.member_per_minute = MANY;
        settings.member_per_hour = MANY;
        settings.bot_per_minute = MANY;
        settings.bot_per_hour = MANY;
        settings.wrong_secrets_max = MANY;
        settings.service_blind_per_minute = MANY;
        let simulator = Simulator::start(settings).await.expect("the ports are free");
        let serves_customers = self.serves_customers;
        let mut stand = Stand { simulator, corp_id: String::new(), callbacks, serves_customers };
        for person in cast() {
            stand.act(person).await;
        }
        let app = json!({ "do": "add_app", "app": AGENT, "secret": SECRET, "name": BOT_NAME });
        stand.corp_id = text(&stand.act(app).await, "corp_id");
        // Younger apps are told no addresses of people.
        stand.act(json!({ "do": "change_app", "app": AGENT, "before_2022": true })).await;
        stand.act(json!({ "do": "add_bot", "bot": BOT, "secret": BOT_SECRET, "name": BOT_NAME })).await;
        Arc::new(stand)
    }
}

struct Stand {
    simulator: Simulator,
    corp_id: String,
    callbacks: bool,
    serves_customers: bool,
}

impl Stand {
    /// The chat of somebody with the app, or with the bot.
    async fn enter(&self, person: &str, whose: Where) -> String {
        let mut enter = json!({ "do": "enter", "person": person, "quietly": true, "addressed": true });
        match whose {
            Where::App => enter["app"] = AGENT.into(),
            Where::Bot | Where::Here => enter["bot"] = BOT.into(),
        }
        text(&self.act(enter).await, "chat_id")
    }

    async fn new_group(&self, name: &str, more: Value) -> ConversationId {
        let made = self.act(group(name, more)).await;
        conversation(format!("group:{}", text(&made, "chat_id")))
    }
}

#[async_trait]
impl Platform for Stand {
    async fn perform(&self, command: Value) -> Result<Value, Refused> {
        self.simulator.perform(command).await
    }

    fn us(&self) -> &'static str {
        BOT
    }

    fn connector(&self, shelf: Arc<MemoryShelf>) -> Arc<dyn Connector> {
        let url = self.simulator.socket_url().parse().expect("an address");
        let settings = WeComSettings {
            api_url: self.simulator.api_url().parse().expect("an address"),
            corp_id: self.corp_id.clone(),
            app: Some(App {
                agent_id: AGENT,
                secret: Secret::new(SECRET),
                callback: Some(Hook {
                    token: Secret::new(CALLBACK_TOKEN),
                    aes_key: Secret::new(CALLBACK_KEY),
                }),
            }),
            bot: Some(Bot {
                id: BOT.to_owned(),
                names: vec![BOT_NAME.to_owned()],
                mode: BotMode::Socket { url, secret: Secret::new(BOT_SECRET) },
            }),
            webhooks: vec![],
            archive: None,
            service: self
                .serves_customers
                .then(|| ServiceSettings { welcome: Some(WELCOME.to_owned()), ..ServiceSettings::default() }),
            group_chats: vec![],
            file_hosts: vec![self.simulator.api_url()],
            authorities: Arc::new(rustls::RootCertStore::empty()),
            intervals: Intervals { ping: INTERVAL, first_look: INTERVAL, look: INTERVAL },
        };
        let connector = WeCom::new(settings, shelf, Clock::system(), Rng::seeded(1));
        Arc::new(connector.expect("the settings are right"))
    }

    async fn use_callbacks(&self, url: &str) {
        let callback = json!({
            "do": "use_callback", "app": AGENT, "url": url, "token": CALLBACK_TOKEN, "aes_key": CALLBACK_KEY,
        });
        self.act(callback).await;
    }

    async fn group(&self, name: &str) -> ConversationId {
        self.new_group(name, json!({ "bots": [BOT], "addressed": true })).await
    }

    async fn foreign_group(&self, name: &str) -> ConversationId {
        self.new_group(name, json!({ "addressed": true })).await
    }

    async fn direct(&self, person: &str) -> ConversationId {
        self.enter(person, Where::App).await;
        conversation(format!("user:{person}"))
    }

    async fn saying(&self, person: &str, conversation: &ConversationId, said: Said) -> Value {
        let key = match &said {
            Said::File(given) => text(&self.act(upload(said::kind_of(given), given)).await, "key"),
            _ => String::new(),
        };
        let (kind, content, place) = said::content(said, &key);
        let chat = match (place, self.callbacks) {
            (_, true) => self.enter(person, Where::App).await,
            (Where::Here, false) => self.chat(conversation).await,
            (place, false) => self.enter(person, place).await,
        };
        let grouped = place == Where::Here && !self.callbacks && conversation.as_str().starts_with("group:");
        let at = if grouped { vec![BOT] } else { vec![] };
        json!({ "do": "say", "person": person, "chat": chat, "kind": kind, "content": content, "at": at })
    }

    fn file_of(&self, message: &Value) -> Option<(FileKind, String)> {
        Some((said::file_kind(message["kind"].as_str()?)?, text(message, "media")))
    }

    fn faults(&self) -> Vec<Fault> {
        faults(WECOM)
    }

    fn path(&self) -> &'static str {
        "message/send"
    }

    fn needs_door(&self) -> bool {
        true
    }

    async fn place(&self, ability: Ability, name: &str) -> ConversationId {
        match ability {
            // The app's own groups, which hear nothing.
            Ability::Mentions | Ability::MentionEverybody | Ability::Names => {
                let made = self.act(group(name, json!({ "made_by": AGENT, "addressed": true }))).await;
                conversation(format!("chat:{}", text(&made, "appchat_id")))
            }
            Ability::Recalls | Ability::Cards => self.direct("li").await,
            _ => self.group(name).await,
        }
    }

    async fn stricken(&self, fault: &str) -> ConversationId {
        if ["api.", "tokens.", "token.", "send."].iter().any(|of_app| fault.starts_with(of_app)) {
            self.direct("li").await
        } else {
            self.group("trouble").await
        }
    }

    // The bot is given pictures and documents, the app everything else.
    fn stricken_file(&self, fault: &str) -> FileKind {
        if fault.starts_with("file.") { FileKind::File } else { FileKind::Voice }
    }

    async fn rival(&self) -> bool {
        self.act(json!({ "do": "take_over", "bot": BOT })).await;
        true
    }

    // There are no to-dos: what is due stands in the calendar, and ends when it is due.
    async fn todos(&self, person: &str) -> Vec<Value> {
        let seen = self.act(json!({ "do": "calendar", "person": person })).await;
        let todo = |meeting: &Value| {
            let people = list(meeting, "attendees").iter().map(|one| text(one, "person"));
            json!({
                "id": meeting["id"], "title": meeting["title"], "description": meeting["description"],
                "due_ms": meeting["end_ms"], "done": false, "assignees": people.collect::<Vec<_>>(),
            })
        };
        list(&seen, "meetings").iter().map(todo).collect()
    }

    fn hears(&self, conversation: &ConversationId) -> bool {
        !conversation.as_str().starts_with("chat:")
    }

    fn spoken_form(&self) -> (&'static str, &'static [u8], &'static str) {
        ("voice.amr", b"#!AMR\n", "audio/amr")
    }

    async fn chat(&self, conversation: &ConversationId) -> String {
        match conversation.as_str().split_once(':') {
            Some(("user", person)) => self.enter(person, Where::App).await,
            Some(("bot", person)) => self.enter(person, Where::Bot).await,
            Some((_, chat)) => chat.to_owned(),
            None => panic!("{conversation} is no conversation of WeCom's"),
        }
    }

    // Ours are known by what the platform answered, which is nothing in groups of the app.
    fn id_of(&self, message: &Value) -> String {
        let named = |kind: &str, name: &str| Some(format!("{kind}:{}", message[name].as_str()?));
        if message["is_bot"] != true {
            return text(message, "message_id");
        }
        let ours = named("card", "task_id").or_else(|| named("msg", "msgid"));
        ours.or_else(|| named("bot", "req_id")).unwrap_or_default()
    }

    fn words(&self, message: &Value) -> String {
        let words = text(message, "text");
        if message["is_bot"] == true && message["kind"] == "markdown" { seen(&words) } else { words }
    }

    fn quoted(&self, words: &str, earlier: &[Shown]) -> Option<String> {
        quoted(words, earlier)
    }

    fn invitation(&self, person: &str, chat: &str, added: bool) -> Value {
        json!({ "do": "set_bot", "person": person, "chat": chat, "bot": BOT, "there": added })
    }

    fn tells_of_recalled_words_of_people(&self) -> bool {
        false
    }

    async fn fail(&self, fault: &str, times: u64) {
        let order = self.failure(fault, times);
        let order = match fault {
            "api.code" => with(order, json!({ "value": 81_013 })),
            // A connection counts as dead when two pings in a row are not answered.
            "socket.no_pong" => with(order, json!({ "times": 2 })),
            _ => order,
        };
        self.act(order).await;
        // A token has to end before the next one can be short.
        if fault == "token.short" {
            self.act(self.end_of_tokens()).await;
        }
    }

    fn end_of_tokens(&self) -> Value {
        json!({ "do": "expire_tokens", "app": AGENT })
    }

    fn end_of_lines(&self) -> Value {
        json!({ "do": "close_connections", "bot": BOT })
    }
}

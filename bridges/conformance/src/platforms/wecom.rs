//! WeCom: its simulator, and our connector in front of it, with a self-built app and an AI bot at once.
//!
//! Groups are groups with the bot, which hears what addresses it alone. What groups do not bring is said to the bot or to the app
//! directly, as people of WeCom have to do it; what bots cannot do is tried where the app can. The app speaks by callbacks in any
//! case; with callbacks alone everything is said to it.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bridge_api::{Ability, Clock, Connector, ConversationId, FileKind, MessageId, PersonId, Rng, Secret};
use connector_wecom::{App, Bot, BotMode, Hook, WeCom, WeComSettings};
use serde_json::{Value, json};
use simulator_wecom::{Command, Order, Settings, Simulator};

use super::common::{TOKENS_EXPIRED, Troubles, buttons, fail, faults, given, text, texts};
use crate::{Fault, FaultKind, Given, MemoryShelf, Platform, Said, Shown, Start};

const AGENT: u64 = 1_000_002;
const SECRET: &str = "the secret of the app";
const BOT: &str = "aibconformance";
const BOT_SECRET: &str = "the secret of the bot";
const BOT_NAME: &str = "Bridge";
const CALLBACK_TOKEN: &str = "conformancetoken";
/// The sample of the platform's own pages, which a strict decoder refuses.
const CALLBACK_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const CAST: [(&str, &str); 2] = [("zhang", "张三"), ("li", "Li Si")];
/// More than any case needs.
const MANY: u32 = 1_000_000;

/// Not among them: what the platform loses or drops without a trace (`socket.closed`, `socket.silent`, `socket.deaf`,
/// `socket.refused`, `delivery.dropped`, `send.silent_drop`), what nobody can know the end of and is not said twice (`api.answer_lost`,
/// `api.truncated`, `socket.ack_lost`), and what takes minutes by the platform's own times (`api.frequency`, `socket.no_pong`).
const FAULTS: &[(&str, FaultKind)] = &[
    ("delivery.ack_ignored", FaultKind::Inward),
    ("delivery.delayed", FaultKind::Inward),
    ("socket.garbage", FaultKind::Inward),
    ("socket.binary", FaultKind::Inward),
    ("socket.unknown", FaultKind::Inward),
    ("api.slow", FaultKind::Outward),
    ("api.busy", FaultKind::Outward),
    ("api.concurrency", FaultKind::Outward),
    ("api.token_expired", FaultKind::Outward),
    ("api.token_revoked", FaultKind::Outward),
    ("api.address", FaultKind::Outward),
    (TOKENS_EXPIRED, FaultKind::Outward),
    ("socket.unsubscribed", FaultKind::Outward),
    ("socket.ack_delayed", FaultKind::Outward),
    ("delivery.duplicate", FaultKind::Callback),
    ("delivery.reordered", FaultKind::Callback),
    ("callback.wrong_signature", FaultKind::Callback),
    ("callback.tampered", FaultKind::Callback),
    ("callback.unsigned", FaultKind::Callback),
    ("callback.wrong_key", FaultKind::Callback),
    ("callback.wrong_receiver", FaultKind::Callback),
    ("callback.padding", FaultKind::Callback),
    ("callback.old", FaultKind::Callback),
    ("callback.huge", FaultKind::Callback),
    ("callback.entities", FaultKind::Callback),
    ("callback.unknown", FaultKind::Callback),
    ("webhook.replayed", FaultKind::Callback),
];

/// Starts simulators of WeCom.
pub(super) struct WeComs;

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
        let simulator = Simulator::start(settings).await.expect("the ports are free");
        let mut stand = Stand { simulator, corp_id: String::new(), callbacks, troubles: Troubles::default() };
        for (user_id, name) in CAST {
            let person = Command::AddPerson {
                user_id: user_id.into(),
                name: name.into(),
                email: format!("{user_id}@corp.example"),
                mobile: String::new(),
                position: String::new(),
                departments: vec![],
            };
            stand.act(person).await;
        }
        let app = Command::AddApp { app: AGENT, secret: SECRET.into(), name: BOT_NAME.into() };
        stand.corp_id = text(&stand.act(app).await, "corp_id");
        // Younger apps are told no addresses of people.
        let old = Command::ChangeApp {
            app: AGENT,
            secret: None,
            disabled: None,
            before_2022: Some(true),
            trusted: None,
            contact_sync: None,
            people: None,
            departments: None,
            granted: None,
        };
        stand.act(old).await;
        let bot = Command::AddBot { bot: BOT.into(), secret: BOT_SECRET.into(), name: BOT_NAME.into() };
        stand.act(bot).await;
        Arc::new(stand)
    }
}

struct Stand {
    simulator: Simulator,
    corp_id: String,
    callbacks: bool,
    troubles: Troubles,
}

/// What our connector calls a message that the platform shows: ours are known by what the platform answered, which is nothing in
/// groups of the app.
fn id_of(message: &Value) -> String {
    let named = |kind: &str, name: &str| Some(format!("{kind}:{}", message[name].as_str()?));
    if message["is_bot"] != true {
        return text(message, "message_id");
    }
    named("card", "task_id")
        .or_else(|| named("msg", "msgid"))
        .or_else(|| named("bot", "req_id"))
        .unwrap_or_default()
}

/// Markdown as people see it: with its escapes undone.
fn seen(markdown: &str) -> String {
    let mut out = String::new();
    let mut letters = markdown.chars().peekable();
    while let Some(letter) = letters.next() {
        match letters.peek() {
            Some(next) if letter == '\\' && next.is_ascii_punctuation() => {
                out.push(*next);
                letters.next();
            }
            _ => out.push(letter),
        }
    }
    out.replace("&lt;", "<").replace("&amp;", "&")
}

/// The words of a quoted line, if there is one.
fn quoted(words: &str) -> Option<&str> {
    words.lines().find_map(|line| line.strip_prefix('>')).map(str::trim)
}

impl Stand {
    async fn act(&self, command: Command) -> Value {
        self.simulator.act(command).await.expect("the simulator does it")
    }

    fn order(&self, order: Order) -> Value {
        self.simulator.order(order).expect("the simulator does it")
    }

    /// The chat of somebody with the app, or with the bot.
    async fn enter(&self, person: &str, app: bool) -> String {
        let enter = Command::Enter {
            person: person.into(),
            app: app.then_some(AGENT),
            bot: (!app).then(|| BOT.to_owned()),
            quietly: true,
            addressed: true,
        };
        text(&self.act(enter).await, "chat_id")
    }

    /// The chat behind what our connector calls a conversation.
    async fn chat(&self, conversation: &ConversationId) -> String {
        match conversation.as_str().split_once(':') {
            Some(("user", person)) => self.enter(person, true).await,
            Some(("bot", person)) => self.enter(person, false).await,
            Some((_, chat)) => chat.to_owned(),
            None => panic!("{conversation} is no conversation of WeCom's"),
        }
    }

    async fn make_group(&self, name: &str, bots: &[&str], made_by: Option<u64>) -> Value {
        let chat = Command::AddChat {
            name: name.into(),
            owner: Some("zhang".into()),
            people: CAST.iter().map(|(user_id, _)| (*user_id).to_owned()).collect(),
            bots: bots.iter().map(|bot| (*bot).to_owned()).collect(),
            addressed: true,
            made_by,
            appchat_id: None,
        };
        self.act(chat).await
    }

    /// The kind and the content of what is said, and whether it goes to the bot in its group, to the bot or to the app.
    async fn content(&self, said: Said) -> (&'static str, Value, Where) {
        match said {
            Said::Text(words) | Said::Everybody(words) => ("text", json!({ "content": words }), Where::Here),
            Said::Mention { before, who, after } => {
                ("text", json!({ "content": format!("{before}@{who}{after}") }), Where::Here)
            }
            Said::Formatted { bold, label } => {
                ("text", json!({ "content": format!("{bold} {label}") }), Where::Here)
            }
            Said::Location(name) => {
                let place = json!({ "latitude": 31.2, "longitude": 121.5, "scale": 15, "label": name });
                ("location", place, Where::App)
            }
            Said::Sticker | Said::Unknown => ("red_packet", json!({ "content": "" }), Where::App),
            Said::File(given) => {
                let (kind, place) = match given.kind {
                    FileKind::Image => ("image", Where::Bot),
                    FileKind::File => ("file", Where::Bot),
                    FileKind::Voice => ("voice", Where::App),
                    FileKind::Video => ("video", Where::App),
                };
                let upload = Command::Upload {
                    kind: kind.into(),
                    name: given.name.clone(),
                    base64: STANDARD.encode(&given.bytes),
                };
                (kind, json!({ "key": text(&self.act(upload).await, "key") }), place)
            }
        }
    }

    async fn opened(&self, message: &Value) -> Option<Given> {
        let kind = match message["kind"].as_str()? {
            "image" => FileKind::Image,
            "file" => FileKind::File,
            "voice" => FileKind::Voice,
            "video" => FileKind::Video,
            _ => return None,
        };
        let opened = self.simulator.act(Command::Open { key: text(message, "media") }).await.ok()?;
        Some(given(kind, &opened))
    }

    /// Where the platform's own id of what our connector calls a message is found: its chat and the id.
    async fn message(&self, message: &MessageId) -> (String, String) {
        let overview = self.act(Command::Overview {}).await;
        for chat in overview["chats"].as_array().into_iter().flatten() {
            let chat = text(chat, "chat_id");
            let shown = self.act(Command::Show { chat: chat.clone(), person: None }).await;
            let mut messages = shown["messages"].as_array().into_iter().flatten();
            if let Some(found) = messages.find(|shown| id_of(shown) == message.as_str()) {
                return (chat, text(found, "message_id"));
            }
        }
        panic!("the platform does not know {message}")
    }
}

/// Where something is said, because not everything can be said everywhere.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    /// In the conversation itself.
    Here,
    /// To the bot alone.
    Bot,
    /// To the app alone.
    App,
}

#[async_trait]
impl Platform for Stand {
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
            group_chats: vec![],
            file_hosts: vec![self.simulator.api_url()],
            authorities: Arc::new(rustls::RootCertStore::empty()),
        };
        let connector = WeCom::new(settings, shelf, Clock::system(), Rng::seeded(1));
        Arc::new(connector.expect("the settings are right"))
    }

    fn needs_door(&self) -> bool {
        true
    }

    async fn use_callbacks(&self, url: &str) {
        let callback = Command::UseCallback {
            app: AGENT,
            url: url.into(),
            token: CALLBACK_TOKEN.into(),
            aes_key: CALLBACK_KEY.into(),
        };
        self.act(callback).await;
    }

    async fn group(&self, name: &str) -> ConversationId {
        let chat = text(&self.make_group(name, &[BOT], None).await, "chat_id");
        ConversationId::new(format!("group:{chat}")).expect("an id")
    }

    async fn foreign_group(&self, name: &str) -> ConversationId {
        let chat = text(&self.make_group(name, &[], None).await, "chat_id");
        ConversationId::new(format!("group:{chat}")).expect("an id")
    }

    async fn direct(&self, person: &str) -> ConversationId {
        self.enter(person, true).await;
        ConversationId::new(format!("user:{person}")).expect("an id")
    }

    async fn place(&self, ability: Ability, name: &str) -> ConversationId {
        match ability {
            // The app's own groups, which hear nothing.
            Ability::Mentions | Ability::MentionEverybody | Ability::Names => {
                let chat = text(&self.make_group(name, &[], Some(AGENT)).await, "appchat_id");
                ConversationId::new(format!("chat:{chat}")).expect("an id")
            }
            Ability::Recalls | Ability::Cards => self.direct("li").await,
            _ => self.group(name).await,
        }
    }

    async fn stricken(&self, fault: &str) -> ConversationId {
        if fault.starts_with("api.") || fault.starts_with("tokens.") {
            self.direct("li").await
        } else {
            self.group("trouble").await
        }
    }

    fn hears(&self, conversation: &ConversationId) -> bool {
        !conversation.as_str().starts_with("chat:")
    }

    fn spoken_form(&self) -> (&'static str, &'static [u8], &'static str) {
        ("voice.amr", b"#!AMR\n", "audio/amr")
    }

    fn person(&self, person: &str) -> PersonId {
        PersonId::new(person).expect("an id")
    }

    fn emoji(&self, unicode: &str) -> String {
        unicode.to_owned()
    }

    async fn say(&self, person: &str, conversation: &ConversationId, said: Said) -> MessageId {
        let (kind, content, place) = self.content(said).await;
        let chat = match (place, self.callbacks) {
            (_, true) | (Where::App, _) => self.enter(person, true).await,
            (Where::Bot, false) => self.enter(person, false).await,
            (Where::Here, false) => self.chat(conversation).await,
        };
        let at = vec![BOT.to_owned()];
        let grouped = place == Where::Here && !self.callbacks && conversation.as_str().starts_with("group:");
        let say = Command::Say {
            person: person.into(),
            chat,
            kind: kind.into(),
            content,
            at: if grouped { at } else { vec![] },
            reply_to: None,
        };
        MessageId::new(text(&self.act(say).await, "message_id")).expect("an id")
    }

    async fn answer(&self, person: &str, to: &MessageId, words: &str, _in_thread: bool) -> MessageId {
        let (chat, to) = self.message(to).await;
        let speak = Command::Speak {
            person: person.into(),
            chat,
            text: words.into(),
            at: vec![BOT.to_owned()],
            reply_to: Some(to),
        };
        MessageId::new(text(&self.act(speak).await, "message_id")).expect("an id")
    }

    async fn edit(&self, _person: &str, _message: &MessageId, _text: &str) {
        panic!("what was said at WeCom cannot be changed");
    }

    async fn robot_says(&self, _conversation: &ConversationId, _text: &str) -> MessageId {
        panic!("bots of WeCom do not hear each other");
    }

    async fn recall(&self, person: &str, message: &MessageId) {
        let (_, message) = self.message(message).await;
        self.act(Command::Recall { person: person.into(), message }).await;
    }

    async fn react(&self, _person: &str, _message: &MessageId, _unicode: &str, _added: bool) {
        panic!("nobody of WeCom's tells a bot of reactions");
    }

    async fn press(&self, person: &str, message: &MessageId, label: &str) -> bool {
        let (_, message) = self.message(message).await;
        let press =
            Command::Press { person: person.into(), message, button: label.into(), selected: Value::Null };
        self.act(press).await["answered"] == true
    }

    async fn read(&self, _person: &str, _conversation: &ConversationId) {
        panic!("nobody of WeCom's tells what was read");
    }

    async fn join(&self, person: &str, conversation: &ConversationId) {
        let chat = self.chat(conversation).await;
        self.act(Command::Join { person: person.into(), chat }).await;
    }

    async fn leave(&self, person: &str, conversation: &ConversationId) {
        let chat = self.chat(conversation).await;
        self.act(Command::Leave { person: person.into(), chat }).await;
    }

    async fn invite_bot(&self, person: &str, conversation: &ConversationId, added: bool) {
        let chat = self.chat(conversation).await;
        let bot = Command::SetBot { person: person.into(), chat, bot: BOT.into(), there: added };
        self.act(bot).await;
    }

    async fn rename(&self, person: &str, conversation: &ConversationId, name: &str) {
        let chat = self.chat(conversation).await;
        self.act(Command::Rename { person: person.into(), chat, name: name.into() }).await;
    }

    async fn dissolve(&self, person: &str, conversation: &ConversationId) {
        let chat = self.chat(conversation).await;
        self.act(Command::Dissolve { person: person.into(), chat }).await;
    }

    fn tells_of_recalled_words_of_people(&self) -> bool {
        false
    }

    async fn shows(&self, conversation: &ConversationId) -> Vec<Shown> {
        let chat = self.chat(conversation).await;
        let shown = self.act(Command::Show { chat, person: None }).await;
        let mut all: Vec<Shown> = Vec::new();
        for message in shown["messages"].as_array().into_iter().flatten() {
            let ours = message["is_bot"] == true;
            let mut words = text(message, "text");
            if ours && message["kind"] == "markdown" {
                words = seen(&words);
            }
            // Nothing can be answered: an answer quotes how the other message began.
            let began = |earlier: &&Shown| {
                let said = earlier.text.strip_prefix("@Bridge ").unwrap_or(&earlier.text);
                quoted(&words).is_some_and(|line| line.contains(said))
            };
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
        let chat = self.chat(conversation).await;
        let overview = self.act(Command::Overview {}).await;
        let mut chats = overview["chats"].as_array().into_iter().flatten();
        let found =
            chats.find(|known| known["chat_id"] == chat.as_str() || known["appchat_id"] == chat.as_str());
        found.map(|chat| text(chat, "name")).unwrap_or_default()
    }

    fn faults(&self) -> Vec<Fault> {
        faults(FAULTS)
    }

    async fn fail(&self, fault: &str, times: u64) {
        if fault == TOKENS_EXPIRED {
            self.act(Command::ExpireTokens { app: AGENT }).await;
            self.troubles.expired();
            return;
        }
        self.order(fail(fault, times, "message/send", Value::Null));
    }

    async fn has_struck(&self, fault: &str) -> bool {
        self.troubles.has_struck(fault, &self.order(Order::Struck))
    }

    async fn disconnect(&self) {
        self.act(Command::CloseConnections { bot: BOT.into() }).await;
    }
}

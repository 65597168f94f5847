//! What the platform knows: one organisation, whole in memory, behind one lock.
//!
//! Owns every rule that holds for people, apps and bots alike. Never awaits: what has to be told is put into a queue that
//! `delivery` carries.

pub(crate) mod approvals;
pub(crate) mod apps;
pub(crate) mod bots;
pub(crate) mod cards;
pub(crate) mod chats;
pub(crate) mod contacts;
pub(crate) mod media;
pub(crate) mod messages;
pub(crate) mod people;
pub(crate) mod schedules;

use std::collections::BTreeMap;

use serde_json::Value;
use simulator_stage::{Queue, Stage};

use crate::limits::CODES_MAX;
use crate::refusal::Refusal;
use crate::settings::Settings;
use approvals::{Approval, Template};
use apps::{App, Token, Webhook};
use bots::{Bot, Stream};
use cards::ResponseCode;
use chats::Chat;
use contacts::Contact;
use media::{BotFile, Media};
use messages::Message;
use people::{Department, Person, Tag};
use schedules::{Calendar, Schedule};

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Receiver {
    /// A self-built app, by its agentid.
    App(u64),
    /// An AI bot, by its id.
    Bot(String),
}

impl Receiver {
    pub(crate) fn id(&self) -> String {
        match self {
            Self::App(agent) => agent.to_string(),
            Self::Bot(bot) => bot.clone(),
        }
    }
}

/// Something that an app or a bot is told.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) to: Receiver,
    /// The MsgId of a message; what makes events different from each other otherwise.
    pub(crate) id: String,
    pub(crate) what: What,
    pub(crate) born_ms: u64,
}

/// What is told.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A message of a person, by its id; it is put into words when it is sent.
    Message(String),
    /// Something happened: the fields of an app's XML but for the receiver.
    Happened(Value),
    /// Something happened to a bot.
    Bot {
        /// The eventtype.
        name: &'static str,
        /// What stands under the event's name.
        data: Value,
        person: String,
        chat: String,
    },
}

/// The codes of a table that lives for a while, the oldest of which go first.
pub(crate) type Codes<T> = BTreeMap<String, T>;

/// Everything.
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) stage: Stage,
    pub(crate) corp_id: String,
    pub(crate) api_url: String,
    /// By the lower case of their ids, as the platform compares them.
    pub(crate) people: BTreeMap<String, Person>,
    pub(crate) departments: BTreeMap<u64, Department>,
    pub(crate) tags: BTreeMap<u64, Tag>,
    pub(crate) contacts: BTreeMap<String, Contact>,
    pub(crate) apps: BTreeMap<u64, App>,
    pub(crate) tokens: Codes<Token>,
    pub(crate) wrong_secrets: u32,
    pub(crate) banned_until_ms: u64,
    /// Until when an app may not call an API that it called too often.
    pub(crate) blocked: BTreeMap<(u64, &'static str), u64>,
    pub(crate) bots: BTreeMap<String, Bot>,
    /// Open streams of bots, by bot and stream.
    pub(crate) streams: BTreeMap<(String, String), Stream>,
    pub(crate) response_urls: Codes<bots::ResponseUrl>,
    pub(crate) webhooks: BTreeMap<String, Webhook>,
    pub(crate) chats: BTreeMap<String, Chat>,
    /// Chats of one person with one app or bot.
    pub(crate) directs: BTreeMap<(String, Receiver), String>,
    /// Groups that apps made, by the id that the app knows.
    pub(crate) appchats: BTreeMap<String, String>,
    pub(crate) messages: BTreeMap<String, Message>,
    /// What `message/send` made of one call, by its msgid.
    pub(crate) sent: BTreeMap<String, Vec<String>>,
    pub(crate) response_codes: Codes<ResponseCode>,
    pub(crate) media: BTreeMap<String, Media>,
    pub(crate) bot_files: Codes<BotFile>,
    pub(crate) templates: BTreeMap<String, Template>,
    pub(crate) approvals: BTreeMap<String, Approval>,
    pub(crate) calendars: BTreeMap<String, Calendar>,
    pub(crate) schedules: BTreeMap<String, Schedule>,
    queue: Queue<Event>,
}

impl State {
    pub(crate) fn new(settings: Settings, api_url: String, queue: Queue<Event>) -> Self {
        let mut stage = Stage::new(settings.seed, settings.now.clone());
        Self {
            corp_id: stage.chance.id("ww", 16),
            stage,
            settings,
            api_url,
            people: BTreeMap::new(),
            departments: BTreeMap::from([(people::ROOT, Department::root())]),
            tags: BTreeMap::new(),
            contacts: BTreeMap::new(),
            apps: BTreeMap::new(),
            tokens: BTreeMap::new(),
            wrong_secrets: 0,
            banned_until_ms: 0,
            blocked: BTreeMap::new(),
            bots: BTreeMap::new(),
            streams: BTreeMap::new(),
            response_urls: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            chats: BTreeMap::new(),
            directs: BTreeMap::new(),
            appchats: BTreeMap::new(),
            messages: BTreeMap::new(),
            sent: BTreeMap::new(),
            response_codes: BTreeMap::new(),
            media: BTreeMap::new(),
            bot_files: BTreeMap::new(),
            templates: BTreeMap::new(),
            approvals: BTreeMap::new(),
            calendars: BTreeMap::new(),
            schedules: BTreeMap::new(),
            queue,
        }
    }

    /// The platform's clock, in milliseconds since the Unix epoch.
    pub(crate) fn now_ms(&self) -> u64 {
        self.stage.now_ms()
    }

    /// The platform's clock as it says it: in seconds.
    pub(crate) fn now_s(&self) -> u64 {
        self.now_ms() / 1_000
    }

    /// Digits of a MsgId, which fits into 63 bits.
    pub(crate) fn message_number(&mut self) -> String {
        (1_000_000_000_000_000_000 + self.stage.chance.below(8_000_000_000_000_000_000)).to_string()
    }

    fn put(&self, to: Receiver, id: String, what: What) {
        self.queue.put(Event { to, id, what, born_ms: self.now_ms() });
    }

    /// Tells somebody of a message.
    pub(crate) fn tell(&mut self, to: Receiver, message: &str) {
        self.put(to, message.to_owned(), What::Message(message.to_owned()));
    }

    /// Tells an app that something happened: `fields` beside who, when and what kind. `by` is `sys` for the platform.
    pub(crate) fn emit(&mut self, agent: u64, by: &str, event: &str, fields: &Value) {
        let event = self.happened(agent, by, event, fields);
        self.queue.put(event);
    }

    /// The same, for somebody who brings it themselves.
    pub(crate) fn happened(&mut self, agent: u64, by: &str, event: &str, fields: &Value) -> Event {
        let mut all = serde_json::json!({
            "FromUserName": by, "CreateTime": self.now_s(), "MsgType": "event", "Event": event, "AgentID": agent,
        });
        for (name, value) in fields.as_object().into_iter().flatten() {
            all[name.as_str()] = value.clone();
        }
        let id = self.stage.chance.id("", 16);
        Event { to: Receiver::App(agent), id, what: What::Happened(all), born_ms: self.now_ms() }
    }

    /// Tells a bot that something happened.
    pub(crate) fn emit_to_bot(
        &mut self,
        bot: &str,
        name: &'static str,
        data: Value,
        person: &str,
        chat: &str,
    ) {
        let event = self.happened_to_bot(bot, name, data, person, chat);
        self.queue.put(event);
    }

    /// The same, for somebody who brings it themselves.
    pub(crate) fn happened_to_bot(
        &mut self,
        bot: &str,
        name: &'static str,
        data: Value,
        person: &str,
        chat: &str,
    ) -> Event {
        let what = What::Bot { name, data, person: person.to_owned(), chat: chat.to_owned() };
        let id = self.stage.chance.id("", 32);
        Event { to: Receiver::Bot(bot.to_owned()), id, what, born_ms: self.now_ms() }
    }

    pub(crate) fn app(&self, agent: u64) -> Result<&App, Refusal> {
        self.apps.get(&agent).ok_or_else(|| Refusal::control("there is no such app"))
    }

    pub(crate) fn bot(&self, bot: &str) -> Result<&Bot, Refusal> {
        self.bots.get(bot).ok_or_else(|| Refusal::control("there is no such bot"))
    }

    pub(crate) fn person(&self, person: &str) -> Result<&Person, Refusal> {
        let found = self.people.get(&people::folded(person));
        found.ok_or_else(|| Refusal::control("there is no such person"))
    }

    /// How the id of a person is written, whatever case it came in.
    pub(crate) fn spelled(&self, person: &str) -> String {
        self.people.get(&people::folded(person)).map_or(person.to_owned(), |known| known.user_id.clone())
    }
}

/// Puts a code into its table, where the least goes when there are too many.
pub(crate) fn remember<T>(codes: &mut Codes<T>, code: String, value: T) {
    if codes.len() >= CODES_MAX {
        codes.pop_first();
    }
    codes.insert(code, value);
}

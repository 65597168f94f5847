//! What the platform knows: one organisation, whole in memory, behind one lock.
//!
//! Owns every rule that holds for people, apps and bots alike. Never awaits: what has to be told is put into a queue that
//! `delivery` carries.

pub(crate) mod approvals;
pub(crate) mod apps;
pub(crate) mod archive;
pub(crate) mod archive_content;
mod attending;
pub(crate) mod bots;
pub(crate) mod cards;
pub(crate) mod chats;
pub(crate) mod contacts;
pub(crate) mod customer_groups;
pub(crate) mod events;
pub(crate) mod media;
pub(crate) mod meetings;
pub(crate) mod messages;
pub(crate) mod people;
mod repeats;
pub(crate) mod rooms;
pub(crate) mod schedules;
pub(crate) mod service;
pub(crate) mod sessions;
pub(crate) mod sign_on;

use std::collections::BTreeMap;

use simulator_stage::{Queue, Stage};

use crate::limits::CODES_MAX;
use crate::refusal::Refusal;
use crate::settings::Settings;
use approvals::{Approval, Template};
use apps::{App, Token, Webhook};
use archive::Archive;
use bots::{Bot, Stream};
use cards::ResponseCode;
use chats::Chat;
use contacts::{Contact, WelcomeCode};
use customer_groups::CustomerGroup;
pub(crate) use events::{Event, Receiver, What};
use media::{BotFile, Media};
use meetings::Meeting;
use messages::Message;
use people::{Department, Person, Tag};
use rooms::Room;
use schedules::{Booked, Calendar, Schedule};
use service::Service;
use sign_on::SignOn;

/// What codes are worth that live for a while.
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
    /// The paid archive, when the company has one.
    pub(crate) archive: Option<Archive>,
    pub(crate) welcome_codes: Codes<WelcomeCode>,
    pub(crate) customer_groups: BTreeMap<String, CustomerGroup>,
    pub(crate) service: Service,
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
    pub(crate) meetings: BTreeMap<String, Meeting>,
    /// Meeting rooms.
    pub(crate) rooms: BTreeMap<u64, Room>,
    pub(crate) sign_on: SignOn,
    /// What people have in their calendars by themselves.
    pub(crate) booked: BTreeMap<String, Booked>,
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
            archive: None,
            welcome_codes: BTreeMap::new(),
            customer_groups: BTreeMap::new(),
            service: Service::default(),
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
            meetings: BTreeMap::new(),
            rooms: BTreeMap::new(),
            sign_on: SignOn::default(),
            booked: BTreeMap::new(),
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

    /// How the id of a person, or of a customer of customer service, is written, whatever case it came in.
    pub(crate) fn spelled(&self, person: &str) -> String {
        let id = people::folded(person);
        let member = self.people.get(&id).map(|known| known.user_id.clone());
        let customer = || self.service.customers.get(&id).map(|known| known.external_userid.clone());
        member.or_else(customer).unwrap_or_else(|| person.to_owned())
    }

    /// What a person, or a customer of customer service, is called.
    pub(crate) fn called(&self, person: &str) -> Option<String> {
        let id = people::folded(person);
        let member = self.people.get(&id).map(|known| known.name.clone());
        member.or_else(|| self.service.customers.get(&id).map(|known| known.name.clone()))
    }
}

/// Puts a code into its table, where the least goes when there are too many.
pub(crate) fn remember<T>(codes: &mut Codes<T>, code: String, value: T) {
    if codes.len() >= CODES_MAX {
        codes.pop_first();
    }
    codes.insert(code, value);
}

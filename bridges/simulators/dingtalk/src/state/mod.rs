//! What the platform knows: one organisation, whole in memory, behind one lock.
//!
//! Owns every rule that holds for people and for apps alike. Never awaits: what has to be told to apps is put into a
//! queue that `delivery` carries.

mod approval_news;
pub(crate) mod approvals;
pub(crate) mod apps;
pub(crate) mod calendar;
pub(crate) mod cards;
pub(crate) mod chats;
pub(crate) mod conferences;
pub(crate) mod copies;
pub(crate) mod failed;
pub(crate) mod forms;
pub(crate) mod instances;
pub(crate) mod logins;
pub(crate) mod media;
pub(crate) mod messages;
pub(crate) mod minutes;
pub(crate) mod notices;
pub(crate) mod online;
pub(crate) mod people;
pub(crate) mod process_centre;
pub(crate) mod times;
pub(crate) mod todos;

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;
use simulator_stage::{Queue, Stage};

use crate::refusal::Refusal;
use crate::settings::Settings;
use approvals::Instance;
use apps::{App, CustomRobot, Session, Ticket};
use calendar::Event;
use cards::{Card, Template};
use chats::Chat;
use conferences::{Conference, Scheduled};
use failed::Failed;
use forms::Process;
use logins::Pass;
use media::{Download, Media};
use messages::Message;
use notices::Notice;
use people::{Department, Person};
use todos::Todo;

/// Something that an app is told, before it is dressed for its way.
#[derive(Clone, Debug)]
pub struct Push {
    pub(crate) app: String,
    pub(crate) id: String,
    pub(crate) born_ms: u64,
    pub(crate) what: Told,
    /// What it says: put into words, and counted, at its first try.
    pub(crate) data: Option<Value>,
    /// How often it was tried.
    pub(crate) tries: usize,
}

/// What an app is told.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// A message that somebody wrote to a robot, by its id; it is put into words when it is sent.
    Robot(String),
    /// Something happened.
    Event(&'static str, Value),
    /// Somebody pressed a button.
    Card(Value),
}

impl Told {
    /// By what it is called in the record of deliveries.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Robot(_) => "robot_message",
            Self::Event(name, _) => name,
            Self::Card(_) => "card_callback",
        }
    }
}

/// Everything.
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) stage: Stage,
    pub(crate) corp_id: String,
    pub(crate) api_url: String,
    pub(crate) old_api_url: String,
    pub(crate) people: BTreeMap<String, Person>,
    pub(crate) departments: BTreeMap<u64, Department>,
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) custom_robots: BTreeMap<String, CustomRobot>,
    pub(crate) sessions: BTreeMap<String, Session>,
    pub(crate) session_order: VecDeque<String>,
    pub(crate) tickets: BTreeMap<String, Ticket>,
    pub(crate) chats: BTreeMap<String, Chat>,
    pub(crate) messages: BTreeMap<String, Message>,
    /// The time of the newest message.
    pub(crate) last_said_ms: u64,
    /// What robots sent, by its processQueryKey.
    pub(crate) query_keys: BTreeMap<String, String>,
    /// Work notices by the number of their sending.
    pub(crate) notices: BTreeMap<u64, Notice>,
    /// What robots urged with, by its openDingId: whose, and the messages.
    pub(crate) dings: BTreeMap<String, (String, Vec<String>)>,
    /// Where notices stand before a person: by the person and the title.
    pub(crate) notice_chats: BTreeMap<(String, String), String>,
    pub(crate) media: BTreeMap<String, Media>,
    pub(crate) downloads: BTreeMap<String, Download>,
    pub(crate) cards: BTreeMap<String, Card>,
    pub(crate) templates: BTreeMap<String, Template>,
    pub(crate) card_routes: BTreeMap<String, (String, String)>,
    pub(crate) processes: BTreeMap<String, Process>,
    pub(crate) instances: BTreeMap<String, Instance>,
    pub(crate) todos: BTreeMap<String, Todo>,
    pub(crate) events: BTreeMap<String, Event>,
    /// Which event an app made under a token of its own, and until when a repeat is known by it.
    pub(crate) event_tokens: BTreeMap<(String, String), (String, u64)>,
    pub(crate) conferences: BTreeMap<String, Conference>,
    pub(crate) scheduled: BTreeMap<String, Scheduled>,
    /// Codes and tokens of people.
    pub(crate) passes: BTreeMap<String, Pass>,
    /// Events that no address took, oldest first.
    pub(crate) failed: VecDeque<Failed>,
    pub(crate) calls_left: u64,
    pub(crate) pushes_left: u64,
    pushes: Queue<Push>,
}

impl State {
    pub(crate) fn new(settings: Settings, api_url: String, old_api_url: String, pushes: Queue<Push>) -> Self {
        let mut stage = Stage::new(settings.seed, settings.now.clone());
        Self {
            corp_id: stage.chance.id("ding", 32),
            calls_left: settings.calls_per_month,
            pushes_left: settings.pushes_per_month,
            stage,
            settings,
            api_url,
            old_api_url,
            people: BTreeMap::new(),
            departments: BTreeMap::from([(people::ROOT, Department::root())]),
            apps: BTreeMap::new(),
            custom_robots: BTreeMap::new(),
            sessions: BTreeMap::new(),
            session_order: VecDeque::new(),
            tickets: BTreeMap::new(),
            chats: BTreeMap::new(),
            messages: BTreeMap::new(),
            last_said_ms: 0,
            query_keys: BTreeMap::new(),
            notices: BTreeMap::new(),
            dings: BTreeMap::new(),
            notice_chats: BTreeMap::new(),
            media: BTreeMap::new(),
            downloads: BTreeMap::new(),
            cards: BTreeMap::new(),
            templates: BTreeMap::new(),
            card_routes: BTreeMap::new(),
            processes: BTreeMap::new(),
            instances: BTreeMap::new(),
            todos: BTreeMap::new(),
            events: BTreeMap::new(),
            event_tokens: BTreeMap::new(),
            conferences: BTreeMap::new(),
            scheduled: BTreeMap::new(),
            passes: BTreeMap::new(),
            failed: VecDeque::new(),
            pushes,
        }
    }

    /// Puts what an app is told into the queue.
    pub(crate) fn tell(&mut self, app: &str, what: Told) {
        let id = match &what {
            Told::Robot(message) => message.clone(),
            Told::Event(..) | Told::Card(_) => self.stage.chance.id("", 32),
        };
        self.pushes.put(Push {
            app: app.to_owned(),
            id,
            born_ms: self.stage.now_ms(),
            what,
            data: None,
            tries: 0,
        });
    }

    /// Tells an app that something happened.
    pub(crate) fn emit(&mut self, app: &str, event_type: &'static str, data: Value) {
        if self.apps.contains_key(app) {
            self.tell(app, Told::Event(event_type, data));
        }
    }

    /// Tells every app.
    pub(crate) fn emit_to_all(&mut self, event_type: &'static str, data: &Value) {
        let apps: Vec<String> = self.apps.keys().cloned().collect();
        for app in apps {
            self.emit(&app, event_type, data.clone());
        }
    }

    /// Counts a push against the month's quota; whether there was one left.
    pub(crate) fn spend_push(&mut self) -> bool {
        let left = self.pushes_left > 0;
        self.pushes_left = self.pushes_left.saturating_sub(1);
        left
    }

    pub(crate) fn app(&self, app: &str) -> Result<&App, Refusal> {
        self.apps.get(app).ok_or_else(|| Refusal::control("there is no such app"))
    }

    pub(crate) fn person(&self, person: &str) -> Result<&Person, Refusal> {
        self.people.get(person).ok_or_else(|| Refusal::control("there is no such person"))
    }

    /// The name of a person or of an app.
    pub(crate) fn name_of(&self, who: &str) -> String {
        let person = self.people.get(who).map(|person| &person.name);
        let app = self.apps.get(who).map(|app| &app.name);
        let custom = self.custom_robots.get(who).map(|robot| &robot.name);
        person.or(app).or(custom).cloned().unwrap_or_else(|| who.to_owned())
    }
}

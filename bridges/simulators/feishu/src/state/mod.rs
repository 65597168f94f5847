//! What the platform knows: one tenant, whole in memory, behind one lock.
//!
//! Owns every rule that holds for people and for apps alike. Never awaits: what has to be told to apps is put into a
//! queue that `delivery` carries.

pub(crate) mod apps;
pub(crate) mod chats;
pub(crate) mod logins;
pub(crate) mod media;
mod merged;
pub(crate) mod messages;
pub(crate) mod office;
pub(crate) mod people;
pub(crate) mod reach;
pub(crate) mod reactions;
mod told;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use simulator_stage::{Queue, Stage};

use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::settings::Settings;
use apps::{App, Token};
use chats::Chat;
use logins::Logins;
use media::Media;
use messages::Message;
use office::Office;
use people::{Department, Person};

/// An event for one app, before it is dressed for its way.
#[derive(Clone, Debug)]
pub struct Event {
    pub(crate) app: String,
    pub(crate) event_id: String,
    pub(crate) event_type: &'static str,
    pub(crate) create_ms: u64,
    pub(crate) body: Value,
    /// Behind which others wait until it is acknowledged.
    pub(crate) order: Option<String>,
}

/// A press of a button whose card may still be changed by its token.
#[derive(Clone, Debug)]
pub(crate) struct CardToken {
    pub(crate) app: String,
    pub(crate) message: String,
    pub(crate) until_ms: u64,
    pub(crate) uses: u8,
    /// Whether the callback was answered: an update before that is reverted.
    pub(crate) answered: bool,
}

/// Everything.
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) stage: Stage,
    pub(crate) tenant_key: String,
    pub(crate) people: BTreeMap<String, Person>,
    pub(crate) departments: BTreeMap<String, Department>,
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) tokens: BTreeMap<String, Token>,
    pub(crate) chats: BTreeMap<String, Chat>,
    pub(crate) messages: BTreeMap<String, Message>,
    /// The messages that apps made with a `uuid`, by app and `uuid`.
    pub(crate) uuids: BTreeMap<(String, String), String>,
    /// The chats that apps made with a `uuid`, by app, owner and `uuid`, with the end of its time in milliseconds.
    pub(crate) chat_uuids: BTreeMap<(String, String), (String, u64)>,
    pub(crate) media: BTreeMap<String, Media>,
    pub(crate) card_tokens: BTreeMap<String, CardToken>,
    pub(crate) tickets: BTreeMap<String, String>,
    pub(crate) office: Office,
    pub(crate) logins: Logins,
    events: Queue<Event>,
}

impl State {
    pub(crate) fn new(settings: Settings, events: Queue<Event>) -> Self {
        let mut stage = Stage::new(settings.seed, settings.now.clone());
        Self {
            tenant_key: stage.chance.id("", 16),
            stage,
            settings,
            people: BTreeMap::new(),
            departments: BTreeMap::new(),
            apps: BTreeMap::new(),
            tokens: BTreeMap::new(),
            chats: BTreeMap::new(),
            messages: BTreeMap::new(),
            uuids: BTreeMap::new(),
            chat_uuids: BTreeMap::new(),
            media: BTreeMap::new(),
            card_tokens: BTreeMap::new(),
            tickets: BTreeMap::new(),
            office: Office::default(),
            logins: Logins::default(),
            events,
        }
    }

    /// Puts an event for an app into the queue.
    pub(crate) fn emit(&mut self, app: &str, event_type: &'static str, body: Value) {
        if let Some(event) = self.event(app, event_type, body) {
            self.events.put(event);
        }
    }

    /// An event for an app; nothing when it does not hear of such.
    fn event(&mut self, app: &str, event_type: &'static str, body: Value) -> Option<Event> {
        if !self.apps.get(app).is_some_and(|known| known.hears(event_type)) {
            return None;
        }
        Some(Event {
            app: app.to_owned(),
            event_id: self.stage.chance.id("", 32),
            event_type,
            create_ms: self.stage.now_ms(),
            body,
            order: None,
        })
    }

    /// The whole event, of schema 2.0 but for native approvals. A card's press counts microseconds, all others milliseconds.
    pub(crate) fn envelope(&mut self, event: &Event) -> Value {
        let token = match self.stage.faults.strikes(Fault::DeliveryTokenEmpty) {
            true => String::new(),
            false => self.apps.get(&event.app).map(|app| app.verification_token.clone()).unwrap_or_default(),
        };
        if event.event_type.starts_with("approval_") {
            return self.old_envelope(event, &token);
        }
        let create_time = match event.event_type {
            CARD_ACTION => format!("{}000", event.create_ms),
            _ => event.create_ms.to_string(),
        };
        json!({
            "schema": "2.0",
            "header": {
                "event_id": event.event_id,
                "event_type": event.event_type,
                "create_time": create_time,
                "token": token,
                "app_id": event.app,
                "tenant_key": self.tenant_key,
            },
            "event": event.body,
        })
    }

    pub(crate) fn app(&self, app: &str) -> Result<&App, Refusal> {
        self.apps.get(app).ok_or(Refusal::code(10003))
    }
}

/// The callback of a pressed button.
pub(crate) const CARD_ACTION: &str = "card.action.trigger";

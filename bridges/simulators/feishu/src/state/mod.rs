//! What the platform knows: one tenant, whole in memory, behind one lock.
//!
//! Owns every rule that holds for people and for apps alike. Never awaits: what has to be told to apps is put into a
//! queue that `delivery` carries.

pub(crate) mod apps;
pub(crate) mod chats;
pub(crate) mod media;
pub(crate) mod messages;
pub(crate) mod people;
pub(crate) mod reactions;

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::chance::Chance;
use crate::faults::Faults;
use crate::refusal::Refusal;
use crate::settings::Settings;
use apps::{App, Token};
use chats::Chat;
use media::Media;
use messages::Message;
use people::{Department, Person};

/// An event for one app, before it is dressed for its way.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) app: String,
    pub(crate) event_id: String,
    pub(crate) event_type: &'static str,
    pub(crate) create_ms: u64,
    pub(crate) body: Value,
}

/// How an event fared.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) app: String,
    pub(crate) event_id: String,
    pub(crate) event_type: String,
    pub(crate) try_number: usize,
    pub(crate) outcome: String,
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
    pub(crate) chance: Chance,
    pub(crate) faults: Faults,
    pub(crate) tenant_key: String,
    pub(crate) people: BTreeMap<String, Person>,
    pub(crate) departments: BTreeMap<String, Department>,
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) tokens: BTreeMap<String, Token>,
    pub(crate) chats: BTreeMap<String, Chat>,
    pub(crate) messages: BTreeMap<String, Message>,
    /// The messages that apps made with a `uuid`, by app and `uuid`.
    pub(crate) uuids: BTreeMap<(String, String), String>,
    pub(crate) media: BTreeMap<String, Media>,
    pub(crate) card_tokens: BTreeMap<String, CardToken>,
    pub(crate) tickets: BTreeMap<String, String>,
    pub(crate) deliveries: VecDeque<Delivery>,
    pub(crate) windows: BTreeMap<(String, String), VecDeque<u64>>,
    skipped_ms: u64,
    /// Grows with each message and reaction, so that order never hangs on the clock.
    next_number: u64,
    events: mpsc::Sender<Event>,
}

impl State {
    pub(crate) fn new(settings: Settings, events: mpsc::Sender<Event>) -> Self {
        let mut chance = Chance::new(settings.seed);
        Self {
            tenant_key: chance.id("", 16),
            chance,
            settings,
            faults: Faults::default(),
            people: BTreeMap::new(),
            departments: BTreeMap::new(),
            apps: BTreeMap::new(),
            tokens: BTreeMap::new(),
            chats: BTreeMap::new(),
            messages: BTreeMap::new(),
            uuids: BTreeMap::new(),
            media: BTreeMap::new(),
            card_tokens: BTreeMap::new(),
            tickets: BTreeMap::new(),
            deliveries: VecDeque::new(),
            windows: BTreeMap::new(),
            skipped_ms: 0,
            next_number: 1,
            events,
        }
    }

    /// The platform's clock, in milliseconds since the Unix epoch.
    pub(crate) fn now_ms(&self) -> u64 {
        (self.settings.now)() + self.skipped_ms
    }

    /// Moves the platform's clock forward.
    pub(crate) fn skip(&mut self, by_ms: u64) {
        self.skipped_ms = self.skipped_ms.saturating_add(by_ms);
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    /// Puts an event for an app into the queue.
    pub(crate) fn emit(&mut self, app: &str, event_type: &'static str, body: Value) {
        if !self.apps.get(app).is_some_and(|known| known.hears(event_type)) {
            return;
        }
        let event = Event {
            app: app.to_owned(),
            event_id: self.chance.id("", 32),
            event_type,
            create_ms: self.now_ms(),
            body,
        };
        if self.events.try_send(event).is_err() {
            tracing::error!(app, event_type, "the queue of events is full or closed: an event is lost");
        }
    }

    /// The whole event of schema 2.0. A card's press counts microseconds, all others milliseconds.
    pub(crate) fn envelope(&mut self, event: &Event) -> Value {
        let token = match self.faults.take(crate::faults::Fault::DeliveryTokenEmpty) {
            Some(_) => String::new(),
            None => self.apps.get(&event.app).map(|app| app.verification_token.clone()).unwrap_or_default(),
        };
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

    /// Counts one request in the window of `name`; the milliseconds to wait when it is one too many.
    pub(crate) fn count(&mut self, who: &str, name: &str, bounds: &[(u64, u32)]) -> Result<(), u64> {
        let now = self.now_ms();
        let longest = bounds.iter().map(|(length_ms, _)| *length_ms).max().unwrap_or(0);
        let times = self.windows.entry((who.to_owned(), name.to_owned())).or_default();
        while times.front().is_some_and(|first| first + longest <= now) {
            times.pop_front();
        }
        for (length_ms, allowed) in bounds {
            let within = times.iter().rev().take_while(|time| **time + length_ms > now).count();
            if within >= *allowed as usize {
                let first = times.get(times.len() - within).copied().unwrap_or(now);
                return Err((first + length_ms).saturating_sub(now).max(1));
            }
        }
        times.push_back(now);
        Ok(())
    }

    pub(crate) fn record(&mut self, delivery: Delivery) {
        if self.deliveries.len() >= crate::limits::DELIVERIES_KEPT_MAX {
            self.deliveries.pop_front();
        }
        self.deliveries.push_back(delivery);
    }

    pub(crate) fn app(&self, app: &str) -> Result<&App, Refusal> {
        self.apps.get(app).ok_or(Refusal::code(10003))
    }
}

/// The callback of a pressed button.
pub(crate) const CARD_ACTION: &str = "card.action.trigger";

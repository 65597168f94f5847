//! Events as the oracle sees them: JSON, read anew at each question.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Event type and state key.
pub(crate) type Key = (String, String);

/// A state: event ids by type and state key.
pub(crate) type State = BTreeMap<Key, String>;

/// One event with its id.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub id: String,
    pub json: Value,
}

impl Event {
    pub fn kind(&self) -> &str {
        self.json["type"].as_str().unwrap()
    }

    pub fn sender(&self) -> &str {
        self.json["sender"].as_str().unwrap()
    }

    pub fn state_key(&self) -> Option<&str> {
        self.json["state_key"].as_str()
    }

    pub fn content(&self) -> &Value {
        &self.json["content"]
    }

    pub fn key(&self) -> Key {
        (self.kind().to_owned(), self.state_key().unwrap().to_owned())
    }

    pub fn is(&self, kind: &str, state_key: &str) -> bool {
        self.kind() == kind && self.state_key() == Some(state_key)
    }

    pub fn depth(&self) -> u64 {
        self.json["depth"].as_u64().unwrap()
    }

    pub fn time(&self) -> u64 {
        self.json["origin_server_ts"].as_u64().unwrap()
    }

    pub fn auth_events(&self) -> Vec<&str> {
        references(&self.json["auth_events"])
    }

    pub fn prev_events(&self) -> Vec<&str> {
        references(&self.json["prev_events"])
    }
}

/// Ids; versions 1 and 2 put a hash beside each.
fn references(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|entry| entry.as_str().unwrap_or_else(|| entry[0].as_str().unwrap()))
        .collect()
}

/// All events of a room.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room {
    /// The number of the room version.
    pub version: u32,
    pub events: BTreeMap<String, Event>,
}

impl Room {
    pub fn event(&self, id: &str) -> &Event {
        &self.events[id]
    }

    /// The one create event.
    pub fn create(&self) -> &Event {
        self.events.values().find(|event| event.is("m.room.create", "")).unwrap()
    }

    /// The events with everything behind them.
    pub fn with_ancestors<'a>(&self, ids: impl IntoIterator<Item = &'a String>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open: Vec<String> = ids.into_iter().cloned().collect();
        while let Some(id) = open.pop() {
            if found.insert(id.clone()) {
                open.extend(self.event(&id).auth_events().into_iter().map(str::to_owned));
            }
        }
        found
    }
}

/// The server behind the first colon of a user id or an event id.
pub(crate) fn domain(id: &str) -> Option<&str> {
    id.split_once(':').map(|(_, domain)| domain)
}

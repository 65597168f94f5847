//! A room as the peer sees it: the tip of one branch, on which it builds events.

use std::collections::BTreeMap;

use ruma::signatures::{Ed25519KeyPair, hash_and_sign_event, reference_hash};
use ruma::{CanonicalJsonObject, RoomVersionId};
use serde_json::{Value, json};

use super::{Has, Peer};

/// One branch of a room. Cloning it forks the room.
#[derive(Clone)]
pub struct PeerRoom {
    /// The id of the room.
    pub room_id: String,
    /// Its version.
    pub version: String,
    /// Ids of the state, by type and state key.
    pub state: BTreeMap<(String, String), String>,
    /// The parents of the next event.
    pub last: Vec<String>,
    /// The depth of the last event.
    pub depth: u64,
    /// The time of the next event, in ms.
    pub time_ms: u64,
}

impl PeerRoom {
    pub(super) fn new(
        peer: &Peer,
        room_id: &str,
        version: &str,
        told: &Value,
        (id, join): (&str, &Value),
    ) -> Self {
        let mut room = Self::empty(room_id, version);
        let lists = [&told["auth_chain"], &told["state"]];
        for (is_state, list) in lists.into_iter().enumerate() {
            for event in list.as_array().expect("a list of events") {
                let id = event_id(version, event);
                peer.keeps(&id, event);
                if is_state == 1 {
                    room.state.insert(key_of(event), id);
                }
            }
        }
        room.takes(peer, id, join);
        room
    }

    /// A room that a user of the peer founds: created, joined, with power levels and open to everybody. From version 3
    /// to 11.
    #[must_use]
    pub fn founded(peer: &Peer, user: &str, version: &str) -> Self {
        let mut room = Self::empty(&format!("!founded:{}", peer.name()), version);
        let create = json!({ "room_version": version, "creator": user });
        for (kind, key, content) in [
            ("m.room.create", "", create),
            ("m.room.member", user, json!({ "membership": "join" })),
            ("m.room.power_levels", "", json!({ "users": { user: 100 } })),
            ("m.room.join_rules", "", json!({ "join_rule": "public" })),
        ] {
            room.adds(peer, user, kind, Some(key), content);
        }
        room
    }

    /// The answer to a user of another server who wants to join: version and template.
    #[must_use]
    pub fn template(&self, user: &str) -> Value {
        let event = self.clone().drafts(user, "m.room.member", Some(user), json!({ "membership": "join" }));
        json!({ "room_version": self.version, "event": event })
    }

    /// The answer to such a user's signed join: the state, and what stands behind it.
    #[must_use]
    pub fn told(&self, peer: &Peer) -> Value {
        let state: Vec<Value> = self.state.values().filter_map(|id| peer.event(id)).collect();
        json!({ "origin": peer.name(), "state": state, "auth_chain": state, "members_omitted": false })
    }

    /// A room in which nothing has happened yet.
    fn empty(room_id: &str, version: &str) -> Self {
        Self {
            room_id: room_id.to_owned(),
            version: version.to_owned(),
            state: BTreeMap::new(),
            last: Vec::new(),
            depth: 0,
            time_ms: 1_700_000_000_000,
        }
    }

    /// Puts an event on the tip of this branch.
    pub fn takes(&mut self, peer: &Peer, id: &str, event: &Value) {
        self.takes_for(&peer.has, id, event);
    }

    pub(super) fn takes_for(&mut self, has: &Has, id: &str, event: &Value) {
        // What the peer says when it is asked for the state here.
        has.states.lock().insert(id.to_owned(), self.state.values().cloned().collect());
        self.takes_untold(has, id, event);
    }

    /// The same without a word on the state there: in a large room one does not repeat it for each event.
    fn takes_untold(&mut self, has: &Has, id: &str, event: &Value) {
        has.events.lock().insert(id.to_owned(), event.clone());
        if event["state_key"].is_string() {
            self.state.insert(key_of(event), id.to_owned());
        }
        self.last = vec![id.to_owned()];
        self.depth = event["depth"].as_u64().unwrap_or_default();
    }

    /// An event on the tip that is not signed yet, to be bent by a scenario.
    #[must_use]
    pub fn drafts(&mut self, sender: &str, kind: &str, state_key: Option<&str>, content: Value) -> Value {
        self.time_ms += 1;
        let mut keys = vec![
            ("m.room.power_levels".to_owned(), String::new()),
            ("m.room.member".to_owned(), sender.to_owned()),
        ];
        if self.version != "12" {
            keys.push(("m.room.create".to_owned(), String::new()));
        }
        if kind == "m.room.member" {
            if ["join", "invite", "knock"].iter().any(|membership| content["membership"] == *membership) {
                keys.push(("m.room.join_rules".to_owned(), String::new()));
            }
            keys.extend(
                state_key.filter(|user| *user != sender).map(|user| (kind.to_owned(), user.to_owned())),
            );
        }
        let auth: Vec<&String> = keys.iter().filter_map(|key| self.state.get(key)).collect();
        let mut event = json!({
            "room_id": self.room_id, "sender": sender, "type": kind, "content": content,
            "origin_server_ts": self.time_ms, "depth": self.depth + 1,
            "prev_events": self.last, "auth_events": auth,
        });
        if let Some(state_key) = state_key {
            event["state_key"] = json!(state_key);
        }
        event
    }

    /// A signed event on the tip, which becomes the tip.
    pub fn adds(
        &mut self,
        peer: &Peer,
        sender: &str,
        kind: &str,
        state_key: Option<&str>,
        content: Value,
    ) -> (String, Value) {
        let (id, event) = self.signed(peer, sender, (kind, state_key), content);
        self.takes(peer, &id, &event);
        (id, event)
    }

    /// Like [`PeerRoom::adds`]; what the state was there, the peer does not say.
    pub fn adds_untold(
        &mut self,
        peer: &Peer,
        sender: &str,
        kind: &str,
        state_key: Option<&str>,
        content: Value,
    ) -> (String, Value) {
        let (id, event) = self.signed(peer, sender, (kind, state_key), content);
        self.takes_untold(&peer.has, &id, &event);
        (id, event)
    }

    fn signed(
        &mut self,
        peer: &Peer,
        sender: &str,
        (kind, state_key): (&str, Option<&str>),
        content: Value,
    ) -> (String, Value) {
        let draft = self.drafts(sender, kind, state_key, content);
        peer.signs(&self.version, draft)
    }

    /// A signed message on the tip, which becomes the tip.
    pub fn says(&mut self, peer: &Peer, sender: &str, text: &str) -> (String, Value) {
        self.adds(peer, sender, "m.room.message", None, json!({ "msgtype": "m.text", "body": text }))
    }
}

fn key_of(event: &Value) -> (String, String) {
    let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
    (text("type"), text("state_key"))
}

fn object(event: Value) -> CanonicalJsonObject {
    serde_json::from_value(event).expect("an event is canonical JSON")
}

fn rules(version: &str) -> ruma::room_version_rules::RoomVersionRules {
    let id = RoomVersionId::try_from(version).expect("a version");
    id.rules().expect("a known version")
}

/// The id of an event from room version 3 on.
pub(super) fn event_id(version: &str, event: &Value) -> String {
    let hash = reference_hash(&object(event.clone()), &rules(version)).expect("an event can be hashed");
    format!("${hash}")
}

pub(super) fn sign(name: &str, key: &Ed25519KeyPair, version: &str, event: Value) -> (String, Value) {
    let mut object = object(event);
    hash_and_sign_event(name, key, &mut object, &rules(version).redaction).expect("an event can be signed");
    let event = serde_json::to_value(object).expect("an object is JSON");
    (event_id(version, &event), event)
}

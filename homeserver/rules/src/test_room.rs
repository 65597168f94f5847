//! A room of real, signed events for the tests of this crate. Nothing is checked unless a test asks.

use std::collections::BTreeMap;

use model::{Pdu, ROOM_VERSIONS, RoomVersion, room_version};
use ruma::{
    EventId, OwnedEventId, OwnedRoomId, OwnedUserId, RoomVersionId, ServerName, UserId,
    events::StateEventType, server_name, signatures::Ed25519KeyPair,
};
use serde_json::{Value, json, value::to_raw_value};

use crate::{
    NewPdu,
    auth::{self, Judged, Refusal},
    resolution::StateMap,
};

/// The server of all test users.
pub(crate) fn server() -> &'static ServerName {
    server_name!("example.org")
}

/// A key pair made of a fixed seed.
pub(crate) fn key() -> Ed25519KeyPair {
    let mut der = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    der.extend_from_slice(&[7; 32]);
    Ed25519KeyPair::from_der(&der, "1".to_owned()).unwrap()
}

pub(crate) fn version(name: &str) -> &'static RoomVersion {
    room_version(&RoomVersionId::try_from(name).unwrap()).unwrap()
}

/// The versions from `first` to `last`.
pub(crate) fn versions(first: u32, last: u32) -> impl Iterator<Item = &'static RoomVersion> {
    ROOM_VERSIONS.iter().skip(first as usize - 1).take((last - first) as usize + 1)
}

/// `alice` becomes `@alice:example.org`.
pub(crate) fn user(name: &str) -> OwnedUserId {
    let id = if name.contains(':') { format!("@{name}") } else { format!("@{name}:example.org") };
    OwnedUserId::try_from(id).unwrap()
}

/// One branch of a room. Cloning it forks the room.
#[derive(Clone)]
pub(crate) struct TestRoom {
    pub version: &'static RoomVersion,
    pub room_id: Option<OwnedRoomId>,
    pub state: BTreeMap<(String, String), Pdu>,
    pub events: BTreeMap<OwnedEventId, Pdu>,
    pub last: Vec<OwnedEventId>,
    pub depth: u64,
    pub time: u64,
    prefix: String,
}

impl TestRoom {
    /// A room of alice's: create event, her join, power levels (her 100 before version 12), join rules.
    pub fn new(version: &'static RoomVersion, join_rule: &str) -> Self {
        let mut room = Self::empty(version);
        let mut content = json!({"room_version": version.id()});
        if !version.authorization().use_room_create_sender {
            content["creator"] = json!(user("alice"));
        }
        room.puts("alice", "m.room.create", "", content);
        room.puts("alice", "m.room.member", "@alice:example.org", json!({"membership": "join"}));
        let users =
            if version.creators_are_infinite() { json!({}) } else { json!({"@alice:example.org": 100}) };
        room.puts("alice", "m.room.power_levels", "", json!({"users": users}));
        room.puts("alice", "m.room.join_rules", "", json!({"join_rule": join_rule}));
        room
    }

    pub fn empty(version: &'static RoomVersion) -> Self {
        let room_id = (!version.room_id_is_create_hash()).then(|| "!room:example.org".try_into().unwrap());
        Self {
            version,
            room_id,
            state: BTreeMap::new(),
            events: BTreeMap::new(),
            last: Vec::new(),
            depth: 1,
            time: 1_700_000_000_000,
            prefix: "e".to_owned(),
        }
    }

    /// A branch whose version 1 event ids do not meet those of other branches.
    pub fn fork(&self, name: &str) -> Self {
        Self { prefix: name.to_owned(), ..self.clone() }
    }

    /// Builds an event on the tip of this branch, without judging or keeping it.
    pub fn builds(&self, sender: &UserId, kind: &str, state_key: Option<&str>, content: &Value) -> Pdu {
        let content = to_raw_value(content).unwrap();
        let keys =
            auth::auth_types_for_event(self.version, kind, sender, state_key, &content).unwrap_or_default();
        let auth_events: Vec<OwnedEventId> = keys
            .into_iter()
            .filter_map(|(kind, key)| self.state.get(&(kind.to_string(), key)))
            .map(|pdu| pdu.event_id().to_owned())
            .collect();
        let chosen =
            OwnedEventId::try_from(format!("${}{}:example.org", self.prefix, self.events.len())).unwrap();
        let event = NewPdu {
            room_id: self.room_id.as_deref(),
            sender,
            kind,
            state_key,
            content: &content,
            redacts: None,
            sticky_duration_ms: None,
            origin_server_ts: self.time,
            depth: self.depth,
            prev_events: &self.last,
            auth_events: &auth_events,
            chosen_event_id: Some(&chosen),
        };
        event.finish(self.version, &key(), server()).unwrap()
    }

    /// Appends an event whatever the rules say.
    pub fn appends(&mut self, pdu: Pdu) -> Pdu {
        if pdu.kind() == "m.room.create" {
            self.room_id = Some(pdu.room_id().to_owned());
        }
        self.depth += 1;
        self.time += 1_000;
        self.last = vec![pdu.event_id().to_owned()];
        self.events.insert(pdu.event_id().to_owned(), pdu.clone());
        if let Some(state_key) = pdu.state_key() {
            self.state.insert((pdu.kind().to_owned(), state_key.to_owned()), pdu.clone());
        }
        pdu
    }

    /// A state event that must be allowed (from the first power levels on).
    pub fn puts(&mut self, sender: &str, kind: &str, state_key: &str, content: Value) -> Pdu {
        let pdu = self.builds(&user(sender), kind, Some(state_key), &content);
        self.judges(&pdu)
            .unwrap_or_else(|refusal| panic!("{kind} in version {}: {refusal}", self.version.id()));
        self.appends(pdu)
    }

    /// A membership event that must be allowed.
    pub fn member(&mut self, sender: &str, target: &str, membership: &str) -> Pdu {
        let target = user(target);
        self.puts(sender, "m.room.member", target.as_str(), json!({"membership": membership}))
    }

    /// What the rules say to a state event.
    pub fn tries(&self, sender: &str, kind: &str, state_key: &str, content: Value) -> Result<(), Refusal> {
        self.judges(&self.builds(&user(sender), kind, Some(state_key), &content))
    }

    /// What the rules say to a membership event.
    pub fn tries_member(&self, sender: &str, target: &str, content: Value) -> Result<(), Refusal> {
        self.tries(sender, "m.room.member", user(target).as_str(), content)
    }

    /// What the rules say to an event of this branch.
    pub fn judges(&self, pdu: &Pdu) -> Result<(), Refusal> {
        auth::check_references(self.version, pdu, |id| self.judged(id))?;
        auth::check(self.version, pdu, |kind, key| {
            self.state.get(&(kind.to_owned(), key.to_owned())).cloned()
        })
    }

    pub fn judged(&self, id: &EventId) -> Option<Judged> {
        self.events.get(id).cloned().map(Judged::accepted)
    }

    /// The branch's state as resolution takes it.
    pub fn state_map(&self) -> StateMap {
        self.state
            .iter()
            .map(|((kind, key), pdu)| {
                ((StateEventType::from(kind.as_str()), key.clone()), pdu.event_id().to_owned())
            })
            .collect()
    }
}

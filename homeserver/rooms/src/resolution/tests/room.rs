//! A room written row by row, so that it can fork at will. Events are real and signed; nothing judges them.

use std::collections::{BTreeMap, BTreeSet};

use model::{EventNum, Pdu, RoomNum, RoomVersion, StateKeyNum, StateNum};
use rules::NewPdu;
use rules::auth::{self, Judged};
use rules::resolution::StateMap;
use ruma::events::StateEventType;
use ruma::{EventId, OwnedEventId, OwnedRoomId, OwnedUserId, UserId};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use store::Batch;

use crate::Rooms;
use crate::read::EventMeta;
use crate::resolution::fork::StateBefore;
use crate::resolution::{ChainBatch, Unwritten, resolve_states};
use crate::stored::StoredEvent;
use crate::tables::{EVENT, EVENT_META, EVENT_NUM, ROOM, ROOM_NUM, RoomRecord, STATE_KEY, STATE_KEY_NUM};
use crate::test_support::{SERVER, rooms, user};

/// The room with everything that was ever written to it.
pub(super) struct TestRoom {
    pub rooms: Rooms,
    pub room: RoomNum,
    pub version: &'static RoomVersion,
    pub events: BTreeMap<OwnedEventId, (EventNum, Pdu)>,
    room_id: Option<OwnedRoomId>,
}

/// A branch of it. Cloning it forks the room.
#[derive(Clone)]
pub(super) struct Branch {
    pub state: StateNum,
    pub entries: BTreeMap<(String, String), Pdu>,
    last: Vec<OwnedEventId>,
    depth: u64,
    pub time: u64,
}

impl TestRoom {
    /// alice's public room with bob (50) and carol.
    pub async fn new(version: &'static RoomVersion) -> (Self, Branch) {
        let rooms = rooms().await;
        let room = rooms.parts.numbers.room_num().await.unwrap();
        let room_id = (!version.room_id_is_create_hash()).then(|| "!room:hs.test".try_into().unwrap());
        let mut this = Self { rooms, room, version, events: BTreeMap::new(), room_id };
        let mut branch = Branch {
            state: StateNum::new(0),
            entries: BTreeMap::new(),
            last: Vec::new(),
            depth: 1,
            time: 1_000,
        };
        let create = json!({"creator": user("alice"), "room_version": version.id()});
        this.puts(&mut branch, "alice", "m.room.create", "", create).await;
        this.member(&mut branch, "alice", "alice", "join").await;
        this.puts(&mut branch, "alice", "m.room.join_rules", "", json!({"join_rule": "public"})).await;
        let levels = this.levels(json!({user("bob"): 50}));
        this.puts(&mut branch, "alice", "m.room.power_levels", "", levels).await;
        this.member(&mut branch, "bob", "bob", "join").await;
        this.member(&mut branch, "carol", "carol", "join").await;
        (this, branch)
    }

    pub fn levels(&self, mut users: Value) -> Value {
        if !self.version.creators_are_infinite() {
            users[user("alice").as_str()] = json!(100);
        }
        json!({"users": users})
    }

    pub async fn member(
        &mut self,
        branch: &mut Branch,
        sender: &str,
        target: &str,
        membership: &str,
    ) -> EventNum {
        let content = json!({"membership": membership});
        self.puts(branch, sender, "m.room.member", user(target).as_str(), content).await
    }

    /// Appends a state event that must be allowed on the branch.
    pub async fn puts(
        &mut self,
        branch: &mut Branch,
        sender: &str,
        kind: &str,
        state_key: &str,
        content: Value,
    ) -> EventNum {
        let name = format!("{kind} {state_key:?} by {sender} in version {}", self.version.id());
        self.tries(branch, sender, kind, state_key, content).await.expect(&name)
    }

    /// Appends a state event if the branch allows it.
    pub async fn tries(
        &mut self,
        branch: &mut Branch,
        sender: &str,
        kind: &str,
        state_key: &str,
        content: Value,
    ) -> Option<EventNum> {
        let pdu = self.builds(branch, &user(sender), kind, state_key, &content);
        let find = |kind: &str, key: &str| branch.entries.get(&(kind.to_owned(), key.to_owned())).cloned();
        auth::check(self.version, &pdu, find).ok()?;
        let mut batch = Batch::new();
        let mut chains = ChainBatch::new();
        let num = self.writes(&mut batch, &mut chains, branch, &pdu).await;
        self.rooms.store().commit(batch).await.unwrap();
        Some(num)
    }

    pub fn builds(
        &self,
        branch: &Branch,
        sender: &UserId,
        kind: &str,
        state_key: &str,
        content: &Value,
    ) -> Pdu {
        let content = to_raw_value(content).unwrap();
        let selected = auth::auth_types_for_event(self.version, kind, sender, Some(state_key), &content)
            .unwrap_or_default();
        let auth_events: Vec<OwnedEventId> = selected
            .into_iter()
            .filter_map(|(kind, key)| branch.entries.get(&(kind.to_string(), key)))
            .map(|pdu| pdu.event_id().to_owned())
            .collect();
        let chosen = OwnedEventId::try_from(format!("$e{}:{SERVER}", self.events.len())).unwrap();
        NewPdu {
            room_id: self.room_id.as_deref(),
            sender,
            kind,
            state_key: Some(state_key),
            content: &content,
            redacts: None,
            sticky_duration_ms: None,
            origin_server_ts: branch.time,
            depth: branch.depth,
            prev_events: &branch.last,
            auth_events: &auth_events,
            chosen_event_id: Some(&chosen),
        }
        .finish(self.version, &*self.rooms.parts.signing_key, &self.rooms.parts.server_name)
        .unwrap()
    }

    /// Puts all rows of a state event into a batch and moves the branch on.
    pub async fn writes(
        &mut self,
        batch: &mut Batch,
        chains: &mut ChainBatch,
        branch: &mut Branch,
        pdu: &Pdu,
    ) -> EventNum {
        let rooms = self.rooms.clone();
        let (store, numbers) = (rooms.store(), &rooms.parts.numbers);
        let num = numbers.event_num().await.unwrap();
        let state_key = pdu.state_key().unwrap();
        if pdu.kind() == "m.room.create" {
            let version = self.version.id().to_string();
            self.room_id = Some(pdu.room_id().to_owned());
            batch.put(&ROOM_NUM, pdu.room_id(), &self.room);
            batch.put(&ROOM, &self.room, &RoomRecord { room_id: pdu.room_id().to_owned(), version });
        }
        let key = match rooms.state_key_num(store, pdu.kind(), state_key).await.unwrap() {
            Some(key) => key,
            None => {
                let key = numbers.state_key_num().await.unwrap();
                let pair = (pdu.kind().to_owned(), state_key.to_owned());
                batch.put(&STATE_KEY_NUM, &pair, &key);
                batch.put(&STATE_KEY, &key, &pair);
                key
            }
        };
        let auth: Vec<EventNum> = pdu.auth_events().iter().map(|id| self.events[id].0).collect();
        let (chain, sequence) = chains.assign(store, batch, self.room, num, &auth).await.unwrap();
        let parent = Some(branch.state).filter(|state| state.get() != 0);
        let new = numbers.state_num().await.unwrap();
        let changes = [(key, Some(num))];
        let after = rooms.snapshots.extend(store, batch, self.room, new, parent, &changes).await.unwrap();
        let meta = EventMeta {
            room: self.room,
            position: None,
            state_before: branch.state,
            state_after: after,
            depth: pdu.depth(),
            chain,
            sequence,
            rejected: false,
            soft_failed: false,
            outlier: false,
            redacted_by: None,
            origin_server_ts: pdu.origin_server_ts(),
            sender_txn: None,
            delay_id: None,
        };
        batch.put(&EVENT_NUM, pdu.event_id(), &num);
        batch.put(
            &EVENT,
            &num,
            &StoredEvent { event_id: pdu.event_id().to_owned(), json: pdu.json().clone() },
        );
        batch.put(&EVENT_META, &num, &meta.to_row());
        self.events.insert(pdu.event_id().to_owned(), (num, pdu.clone()));
        branch.entries.insert((pdu.kind().to_owned(), state_key.to_owned()), pdu.clone());
        branch.state = after;
        branch.last = vec![pdu.event_id().to_owned()];
        branch.depth += 1;
        branch.time += 1_000;
        num
    }

    /// Resolves the branches through the store; every order must give the same.
    pub async fn resolves(&self, branches: &[&Branch]) -> BTreeMap<(String, String), OwnedEventId> {
        let states: Vec<StateNum> = branches.iter().map(|branch| branch.state).collect();
        let chains = ChainBatch::new();
        let unwritten = Unwritten { chains: &chains, events: &[] };
        let resolved =
            resolve_states(&self.rooms, self.rooms.store(), self.room, &states, unwritten).await.unwrap();
        let mut turned = states;
        turned.reverse();
        let again =
            resolve_states(&self.rooms, self.rooms.store(), self.room, &turned, unwritten).await.unwrap();
        assert_eq!(resolved, again);
        self.spells_out(&resolved).await
    }

    pub async fn spells_out(&self, state: &StateBefore) -> BTreeMap<(String, String), OwnedEventId> {
        let store = self.rooms.store();
        let entries = self.rooms.snapshots.entries(store, state.base.unwrap()).await.unwrap();
        let mut nums: BTreeMap<StateKeyNum, EventNum> = entries.iter().copied().collect();
        for (key, event) in &state.changes {
            match event {
                Some(event) => nums.insert(*key, *event),
                None => nums.remove(key),
            };
        }
        let by_num: BTreeMap<EventNum, &Pdu> = self.events.values().map(|(num, pdu)| (*num, pdu)).collect();
        nums.into_values()
            .map(|num| by_num[&num])
            .map(|pdu| {
                ((pdu.kind().to_owned(), pdu.state_key().unwrap().to_owned()), pdu.event_id().to_owned())
            })
            .collect()
    }

    /// The same by definition: whole states, whole auth chains, no short cuts.
    pub fn resolves_by_definition(&self, branches: &[&Branch]) -> BTreeMap<(String, String), OwnedEventId> {
        let states: Vec<StateMap> = branches
            .iter()
            .map(|branch| {
                let entry = |((kind, key), pdu): (&(String, String), &Pdu)| {
                    ((StateEventType::from(kind.as_str()), key.clone()), pdu.event_id().to_owned())
                };
                branch.entries.iter().map(entry).collect()
            })
            .collect();
        let chains: Vec<_> = states.iter().map(|state| self.chain(state.values())).collect();
        let all: BTreeSet<_> = chains.iter().flatten().cloned().collect();
        let auth_difference =
            all.into_iter().filter(|id| !chains.iter().all(|chain| chain.contains(id))).collect();
        let conflicted: BTreeSet<_> =
            rules::resolution::conflicted(&states).into_values().flatten().collect();
        let subgraph = self
            .chain(conflicted.iter())
            .into_iter()
            .filter(|id| !self.chain([id]).is_disjoint(&conflicted))
            .collect();
        let fetch = |id: &EventId| self.events.get(id).map(|(_, pdu)| Judged::accepted(pdu.clone()));
        let conflict = rules::resolution::Conflict { auth_difference, subgraph, fetch: &fetch };
        let resolved = rules::resolution::resolve(
            self.version,
            &states,
            &conflict,
            rules::resolution::Budget::default(),
        );
        resolved.unwrap().into_iter().map(|((kind, key), id)| ((kind.to_string(), key), id)).collect()
    }

    /// Events with everything behind them.
    pub fn chain<'a>(&self, events: impl IntoIterator<Item = &'a OwnedEventId>) -> BTreeSet<OwnedEventId> {
        let mut found = BTreeSet::new();
        let mut open: Vec<OwnedEventId> = events.into_iter().cloned().collect();
        while let Some(id) = open.pop() {
            if found.insert(id.clone()) {
                open.extend(self.events[&id].1.auth_events().iter().cloned());
            }
        }
        found
    }
}

/// A small generator of its own, so that a failing seed can be repeated.
pub(super) struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len() as u64) as usize]
    }
}

/// One random act on a branch, if the branch allows it.
pub(super) async fn acts(room: &mut TestRoom, branch: &mut Branch, dice: &mut Dice) {
    const PEOPLE: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];
    let (sender, target) = (*dice.pick(&PEOPLE), *dice.pick(&PEOPLE));
    branch.time += dice.roll(5) * 700;
    let target: OwnedUserId = user(target);
    match dice.roll(10) {
        0..=3 => {
            let membership = *dice.pick(&["join", "leave", "invite", "ban"]);
            let own = user(sender);
            let target = if membership == "join" { own } else { target };
            let content = json!({"membership": membership, "n": dice.roll(1_000)});
            room.tries(branch, sender, "m.room.member", target.as_str(), content).await;
        }
        4 | 5 => {
            let levels = room.levels(json!({user("bob"): dice.roll(3) * 50, target: dice.roll(3) * 25}));
            let mut levels = levels;
            if room.version.creators_are_infinite() {
                levels["users"].as_object_mut().unwrap().remove(user("alice").as_str());
            } else {
                levels["users"][user("alice").as_str()] = json!(100);
            }
            room.tries(branch, sender, "m.room.power_levels", "", levels).await;
        }
        6 => {
            let content = json!({"join_rule": *dice.pick(&["public", "invite"])});
            room.tries(branch, sender, "m.room.join_rules", "", content).await;
        }
        _ => {
            let kind = *dice.pick(&["m.room.topic", "m.room.name", "org.example.other"]);
            room.tries(branch, sender, kind, "", json!({"text": dice.roll(1_000)})).await;
        }
    }
}

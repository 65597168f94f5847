//! Random rooms: branches that part and meet, and at each step something that somebody tries.
//!
//! A room is grown by the rules of this crate and remembers every question that it asked them, with the answer, so
//! that others can be asked the same.

use std::collections::{BTreeMap, BTreeSet};

use model::{Pdu, RoomVersion};
use rules::NewPdu;
use rules::auth::{self, Judged};
use rules::resolution::{Budget, StateMap};
use ruma::events::StateEventType;
use ruma::signatures::Ed25519KeyPair;
use ruma::{EventId, OwnedEventId, OwnedRoomId, UserId, server_name};
use serde_json::{Value, json, value::to_raw_value};

use super::acts::{self, Act, PEOPLE};
use super::definition::{self, Events};
use super::dice::Dice;

/// The newest events that a new one may stand on.
const TIPS: usize = 6;

/// An event that somebody tried, allowed or not.
pub(crate) struct Attempt {
    pub pdu: Pdu,
    /// The state that it was held against.
    pub state: StateMap,
    /// Whether what it names as its authority has the right form.
    pub names_well: bool,
    /// Whether what it names allows it.
    pub by_named: bool,
    /// Whether the state allows it.
    pub by_state: bool,
}

/// States and what they were resolved to.
pub(crate) struct Resolved {
    pub states: Vec<StateMap>,
    pub state: StateMap,
}

/// A room that was grown from a seed.
pub(crate) struct Graph {
    pub version: &'static RoomVersion,
    pub events: Events,
    pub attempts: Vec<Attempt>,
    pub resolved: Vec<Resolved>,
    room_id: Option<OwnedRoomId>,
    after: BTreeMap<OwnedEventId, StateMap>,
    order: Vec<OwnedEventId>,
    key: Ed25519KeyPair,
}

impl Graph {
    /// Grows a room of a version by so many attempts.
    pub fn grow(version: &'static RoomVersion, seed: u64, attempts: usize) -> Self {
        let document = Ed25519KeyPair::generate();
        let mut graph = Self {
            version,
            events: Events::new(),
            attempts: Vec::new(),
            resolved: Vec::new(),
            room_id: (!version.room_id_is_create_hash()).then(|| "!room:example.org".try_into().unwrap()),
            after: BTreeMap::new(),
            order: Vec::new(),
            key: Ed25519KeyPair::from_der(&document, "1".to_owned()).unwrap(),
        };
        let mut dice = Dice(seed.wrapping_mul(97).wrapping_add(u64::from(graph.number())));
        graph.begins(&mut dice);
        for _ in 0..attempts {
            graph.tries_something(&mut dice);
        }
        for _ in 0..4 {
            graph.resolves_something(&mut dice);
        }
        graph
    }

    /// The number of the version.
    pub fn number(&self) -> u32 {
        self.version.id().as_str().parse().unwrap()
    }

    /// Resolves states by this crate.
    pub fn resolve(&self, states: &[StateMap]) -> StateMap {
        definition::resolve(self.version, &self.events, states, Budget::default()).unwrap()
    }

    fn judged(&self, id: &EventId) -> Option<Judged> {
        self.events.get(id).cloned().map(Judged::accepted)
    }

    /// The create event, the creator's join, and mostly power levels and a join rule.
    fn begins(&mut self, dice: &mut Dice) {
        let number = self.number();
        let mut content = json!({ "room_version": self.version.id(), "creator": PEOPLE[0] });
        if dice.one_in(8) {
            content["m.federate"] = json!(false);
        }
        if dice.one_in(3) {
            content["additional_creators"] = json!([PEOPLE[1]]);
        }
        let state = |kind, content| Act { sender: PEOPLE[0], kind, state_key: Some(String::new()), content };
        let create = self.builds(state("m.room.create", content), &[], &StateMap::new(), dice);
        self.room_id = Some(create.room_id().to_owned());
        self.appends(create, StateMap::new());
        let join = json!({ "membership": "join" });
        self.tries(Act { state_key: Some(PEOPLE[0].to_owned()), ..state("m.room.member", join) }, dice);
        if !dice.one_in(6) {
            let mut users = json!({ PEOPLE[2]: 50 });
            if number < 12 {
                users[PEOPLE[0]] = json!(100);
                users[PEOPLE[1]] = json!(50);
            }
            self.tries(state("m.room.power_levels", json!({ "users": users })), dice);
        }
        if !dice.one_in(10) {
            self.tries(state("m.room.join_rules", json!({ "join_rule": "public" })), dice);
        }
        for person in &PEOPLE[1..3] {
            let join = json!({ "membership": "join" });
            let key = Some((*person).to_owned());
            self.tries(Act { sender: person, kind: "m.room.member", state_key: key, content: join }, dice);
        }
    }

    fn tries_something(&mut self, dice: &mut Dice) {
        let newest = self.order.len().saturating_sub(TIPS);
        let mut parents = BTreeSet::from([dice.pick(&self.order[newest..]).clone()]);
        while dice.one_in(3) {
            let among = if dice.one_in(4) { &self.order[1..] } else { &self.order[newest..] };
            parents.insert(dice.pick(among).clone());
        }
        let parents: Vec<OwnedEventId> = parents.into_iter().collect();
        let state = self.state_before(&parents);
        let levels = state.get(&(StateEventType::RoomPowerLevels, String::new()));
        let levels: Value = levels.map_or(json!({}), |id| self.events[id].content_as().unwrap());
        let act = acts::any(self.number(), &levels, dice);
        // Some name what stood earlier, or elsewhere: the rules do not forbid it.
        let named = if dice.one_in(6) { self.after[dice.pick(&self.order)].clone() } else { state.clone() };
        let pdu = self.builds(act, &parents, &named, dice);
        self.judges(pdu, state);
    }

    /// Somebody acts on the newest event.
    fn tries(&mut self, act: Act, dice: &mut Dice) {
        let parents = vec![self.order[self.order.len() - 1].clone()];
        let state = self.state_before(&parents);
        let pdu = self.builds(act, &parents, &state.clone(), dice);
        self.judges(pdu, state);
    }

    fn state_before(&mut self, parents: &[OwnedEventId]) -> StateMap {
        let states: Vec<StateMap> = parents.iter().map(|id| self.after[id].clone()).collect();
        if let [only] = states.as_slice() {
            return only.clone();
        }
        let state = self.resolve(&states);
        self.resolved.push(Resolved { states, state: state.clone() });
        state
    }

    /// States of moments that never met, some of them as a liar tells them.
    fn resolves_something(&mut self, dice: &mut Dice) {
        let mut states: Vec<StateMap> =
            (0..2 + dice.roll(3)).map(|_| self.after[dice.pick(&self.order)].clone()).collect();
        if dice.one_in(2) {
            let lie = dice.roll(states.len());
            let mut keys: Vec<_> =
                states[lie].keys().filter(|key| key.0 != StateEventType::RoomCreate).cloned().collect();
            keys.sort();
            if !keys.is_empty() {
                let key = dice.pick(&keys).clone();
                let same: Vec<&Pdu> =
                    self.events.values().filter(|pdu| pdu.is_state_of(&key.0.to_string(), &key.1)).collect();
                if dice.one_in(2) {
                    states[lie].remove(&key);
                } else {
                    let told = dice.pick(&same).event_id().to_owned();
                    states[lie].insert(key, told);
                }
            }
        }
        let state = self.resolve(&states);
        self.resolved.push(Resolved { states, state });
    }

    fn builds(&self, act: Act, parents: &[OwnedEventId], named: &StateMap, dice: &mut Dice) -> Pdu {
        let content = to_raw_value(&act.content).unwrap();
        let sender = <&UserId>::try_from(act.sender).unwrap();
        let state_key = act.state_key.as_deref();
        let keys = auth::auth_types_for_event(self.version, act.kind, sender, state_key, &content);
        let mut auth_events: Vec<OwnedEventId> =
            keys.unwrap_or_default().iter().filter_map(|key| named.get(key).cloned()).collect();
        // Once the room stands, some name what they should not.
        if self.order.len() > 6 && dice.one_in(20) {
            auth_events.push(dice.pick(&self.order).clone());
        }
        let depth = parents.iter().map(|id| self.events[id].depth()).max().unwrap_or(0) + 1;
        let name = format!("$e{}:{}", self.attempts.len() + self.order.len(), sender.server_name());
        let chosen = OwnedEventId::try_from(name).unwrap();
        let event = NewPdu {
            room_id: self.room_id.as_deref(),
            sender,
            kind: act.kind,
            state_key,
            content: &content,
            redacts: None,
            sticky_duration_ms: None,
            // Clocks of different servers say different things, and now and then the same.
            origin_server_ts: 1_700_000_000_000 + 1_000 * dice.roll(20) as u64,
            depth,
            prev_events: parents,
            auth_events: &auth_events,
            chosen_event_id: Some(&chosen),
        };
        event.finish(self.version, &self.key, server_name!("example.org")).unwrap()
    }

    fn judges(&mut self, pdu: Pdu, state: StateMap) {
        let names_well = auth::check_references(self.version, &pdu, |id| self.judged(id)).is_ok();
        let create = &self.events[&self.order[0]];
        let mut named: Vec<&Pdu> = pdu.auth_events().iter().map(|id| &self.events[id]).collect();
        named.push(create);
        let by_named = auth::check(self.version, &pdu, |kind, key| {
            named.iter().find(|found| found.is_state_of(kind, key)).map(|found| (*found).clone())
        });
        let by_state = auth::check(self.version, &pdu, |kind, key| {
            let id = state.get(&(StateEventType::from(kind), key.to_owned()))?;
            self.events.get(id).cloned()
        });
        let (by_named, by_state) = (by_named.is_ok(), by_state.is_ok());
        self.attempts.push(Attempt {
            pdu: pdu.clone(),
            state: state.clone(),
            names_well,
            by_named,
            by_state,
        });
        if names_well && by_named && by_state && !self.events.contains_key(pdu.event_id()) {
            self.appends(pdu, state);
        }
    }

    fn appends(&mut self, pdu: Pdu, mut state: StateMap) {
        let id = pdu.event_id().to_owned();
        if let Some(state_key) = pdu.state_key() {
            state.insert((StateEventType::from(pdu.kind()), state_key.to_owned()), id.clone());
        }
        self.after.insert(id.clone(), state);
        self.events.insert(id.clone(), pdu);
        self.order.push(id);
    }
}

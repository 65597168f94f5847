//! Rooms: members, state, timelines.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::homeserver::{State, refused};
use crate::wire::CallError;

#[derive(Default)]
pub(super) struct Room {
    pub is_direct: bool,
    pub members: BTreeMap<String, String>,
    pub state: BTreeMap<(String, String), Value>,
    pub events: Vec<Value>,
    /// Who has read what: user, kind of the receipt, event.
    pub receipts: Vec<(String, String, String)>,
}

impl State {
    pub fn in_room(
        &mut self,
        user: &str,
        method: &str,
        room: &str,
        rest: &[&str],
        (query, content): (&[(&'static str, String)], Value),
    ) -> Result<Value, CallError> {
        let asked = |name: &str| query.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
        let known = self.rooms.get(room).ok_or_else(|| refused(404, "M_NOT_FOUND"))?;
        let standing = known.members.get(user).map(String::as_str).unwrap_or_default().to_owned();
        match (method, rest) {
            ("POST", ["join"]) if matches!(standing.as_str(), "invite" | "join") => {
                if standing == "invite" {
                    self.member(room, user, user, "join", false);
                }
                return Ok(json!({ "room_id": room }));
            }
            ("POST", ["leave"]) => {
                if matches!(standing.as_str(), "invite" | "join") {
                    self.member(room, user, user, "leave", false);
                }
                return Ok(json!({}));
            }
            _ if standing != "join" => return Err(refused(403, "M_FORBIDDEN")),
            _ => {}
        }
        match (method, rest) {
            ("POST", ["invite"]) => {
                let (whom, direct) = (content["user_id"].as_str().unwrap_or_default(), &content["is_direct"]);
                self.member(room, user, whom, "invite", *direct == true);
                Ok(json!({}))
            }
            ("GET", ["members"]) => {
                let members = known.members.iter().filter(|(_, how)| *how != "leave");
                let events = members.map(|(user, how)| {
                    json!({ "type": "m.room.member", "state_key": user, "content": { "membership": how } })
                });
                Ok(json!({ "chunk": events.collect::<Vec<_>>() }))
            }
            ("GET", ["joined_members"]) => {
                let members = known.members.iter().filter(|(_, how)| *how == "join");
                let named = |user: &String| {
                    let content = known.state.get(&("m.room.member".to_owned(), user.clone()));
                    json!({ "display_name": content.map(|content| &content["displayname"]) })
                };
                let joined: serde_json::Map<_, _> =
                    members.map(|(user, _)| (user.clone(), named(user))).collect();
                Ok(json!({ "joined": joined }))
            }
            ("GET", ["state", kind, key @ ..]) => {
                let key = key.first().copied().unwrap_or_default();
                let found = known.state.get(&((*kind).to_owned(), key.to_owned()));
                found.cloned().ok_or_else(|| refused(404, "M_NOT_FOUND"))
            }
            ("GET", ["event", event]) => {
                let found = known.events.iter().find(|other| other["event_id"] == **event);
                found.cloned().ok_or_else(|| refused(404, "M_NOT_FOUND"))
            }
            ("POST", ["receipt", kind, event]) => {
                let read = (user.to_owned(), (*kind).to_owned(), (*event).to_owned());
                if let Some(room) = self.rooms.get_mut(room) {
                    room.receipts.push(read);
                }
                Ok(json!({}))
            }
            ("GET", ["context", event]) => {
                let place = known.events.iter().position(|other| other["event_id"] == **event);
                place
                    .map(|place| json!({ "end": (place + 1).to_string() }))
                    .ok_or_else(|| refused(404, "M_NOT_FOUND"))
            }
            ("GET", ["messages"]) if asked("dir") == Some("f") => {
                let number = |name: &str| asked(name).and_then(|number| number.parse().ok()).unwrap_or(0);
                let (from, limit): (usize, usize) = (number("from"), number("limit"));
                let chunk: Vec<_> = known.events.iter().skip(from).take(limit).collect();
                let mut answer = json!({ "chunk": chunk });
                if from + chunk.len() < known.events.len() {
                    answer["end"] = json!((from + chunk.len()).to_string());
                }
                Ok(answer)
            }
            ("GET", ["messages"]) => {
                Ok(json!({ "chunk": known.events.iter().rev().take(50).collect::<Vec<_>>() }))
            }
            ("GET", ["relations", event, relation]) => {
                let related = known.events.iter().rev().filter(|other| {
                    let to = &other["content"]["m.relates_to"];
                    to["event_id"] == **event && to["rel_type"] == **relation
                });
                let related: Vec<_> = related.collect();
                let number = |name: &str| asked(name).and_then(|number| number.parse::<usize>().ok());
                let (from, limit) = (number("from").unwrap_or(0), number("limit").unwrap_or(related.len()));
                let chunk: Vec<_> = related.iter().skip(from).take(limit).collect();
                let mut answer = json!({ "chunk": chunk });
                if from + chunk.len() < related.len() {
                    answer["next_batch"] = json!((from + chunk.len()).to_string());
                }
                Ok(answer)
            }
            ("PUT", ["state", kind, key @ ..]) => {
                let key = key.first().copied().unwrap_or_default().to_owned();
                if *kind == "m.room.member" {
                    let membership = content["membership"].as_str().unwrap_or_default().to_owned();
                    if let Some(room) = self.rooms.get_mut(room) {
                        room.members.insert(key.clone(), membership);
                    }
                }
                Ok(self.event(room, user, kind, Some(key), content, None))
            }
            ("PUT", ["send", kind, transaction]) => Ok(self.once(user, room, kind, transaction, |state| {
                state.event(room, user, kind, None, content, None)
            })),
            ("PUT", ["redact", event, transaction]) => {
                Ok(self.once(user, room, "m.room.redaction", transaction, |state| {
                    state.event(room, user, "m.room.redaction", None, content, Some(event))
                }))
            }
            _ => Err(refused(404, "M_UNRECOGNIZED")),
        }
    }

    fn once(
        &mut self,
        user: &str,
        room: &str,
        kind: &str,
        transaction: &str,
        make: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        let key = [user, room, kind, transaction].map(ToOwned::to_owned);
        if let Some(event) = self.transactions.get(&key) {
            return json!({ "event_id": event });
        }
        let made = make(self);
        self.transactions.insert(key, made["event_id"].as_str().unwrap_or_default().to_owned());
        made
    }

    /// Whether a room of ours is asked for that cannot be made.
    pub fn is_unmade(&self, request: &Value) -> bool {
        let states = request["initial_state"].as_array().into_iter().flatten();
        let mut kinds = states.filter_map(|state| state["content"]["kind"].as_str());
        kinds.any(|kind| self.unmade.contains(kind))
    }

    pub fn create(&mut self, user: &str, request: &Value) -> Value {
        let room = format!("!{}:test", self.count("room"));
        let is_direct = request["is_direct"] == true;
        self.rooms.insert(room.clone(), Room { is_direct, ..Room::default() });
        self.member(&room, user, user, "join", false);
        if let Some(topic) = request["topic"].as_str() {
            self.event(&room, user, "m.room.topic", Some(String::new()), json!({ "topic": topic }), None);
        }
        for state in request["initial_state"].as_array().into_iter().flatten() {
            let key = state["state_key"].as_str().unwrap_or_default().to_owned();
            let kind = state["type"].as_str().unwrap_or_default();
            self.event(&room, user, kind, Some(key), state["content"].clone(), None);
        }
        for whom in request["invite"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            self.member(&room, user, whom, "invite", request["is_direct"] == true);
        }
        json!({ "room_id": room })
    }

    fn member(&mut self, room: &str, sender: &str, user: &str, membership: &str, is_direct: bool) -> Value {
        let mut content = json!({ "membership": membership });
        if is_direct {
            content["is_direct"] = json!(true);
        }
        if let Some(room) = self.rooms.get_mut(room) {
            room.members.insert(user.to_owned(), membership.to_owned());
        }
        self.event(room, sender, "m.room.member", Some(user.to_owned()), content, None)
    }

    fn event(
        &mut self,
        room: &str,
        sender: &str,
        kind: &str,
        state_key: Option<String>,
        content: Value,
        redacts: Option<&str>,
    ) -> Value {
        let id = format!("${}", self.count("event"));
        let mut event = json!({
            "event_id": id, "room_id": room, "sender": sender, "type": kind, "content": content,
            "origin_server_ts": self.counted,
        });
        if let Some(key) = &state_key {
            event["state_key"] = json!(key);
        }
        if let Some(redacts) = redacts {
            event["redacts"] = json!(redacts);
        }
        if let Some(room) = self.rooms.get_mut(room) {
            if let Some(key) = state_key {
                room.state.insert((kind.to_owned(), key), content);
            }
            // What it said stays here, for tests that look at what was sent.
            let is_gone = |other: &&mut Value| redacts.is_some_and(|redacts| other["event_id"] == redacts);
            if let Some(gone) = room.events.iter_mut().find(is_gone) {
                gone["unsigned"]["redacted_because"] = event.clone();
            }
            room.events.push(event.clone());
        }
        self.owed.push(event);
        json!({ "event_id": id })
    }
}

impl Room {
    pub fn has(&self, user: &str) -> bool {
        self.members.get(user).is_some_and(|how| how == "join")
    }
}

//! A homeserver of maps: just as much of the client-server API as the kit asks for, and faults on demand.

use std::collections::{BTreeMap, HashMap, VecDeque};

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use ruma::UserId;
use serde_json::{Value, json};

use crate::wire::{Body, Call, CallError, Wire};

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It does not arrive; the caller sees this.
    Lost(CallError),
    /// It is done, and its answer does not arrive, as in a crash right after it.
    AnswerLost,
}

/// The homeserver. Ids are counted, so every run is the same.
#[derive(Default)]
pub struct Double(Mutex<State>);

#[derive(Default)]
struct State {
    counted: u64,
    /// Users and their display names.
    users: BTreeMap<String, String>,
    rooms: BTreeMap<String, Room>,
    /// User, room, kind and transaction id → event.
    transactions: HashMap<[String; 4], String>,
    files: HashMap<String, Bytes>,
    /// What the bots have not been told.
    owed: Vec<Value>,
    faults: VecDeque<Fault>,
    requests: Vec<String>,
}

#[derive(Default)]
struct Room {
    members: BTreeMap<String, String>,
    state: BTreeMap<(String, String), Value>,
    events: Vec<Value>,
}

impl Double {
    /// The next requests go wrong like this, in this order.
    pub fn faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.0.lock().faults.extend(faults);
    }

    /// What the bots were not told yet; it counts as told then.
    #[must_use]
    pub fn take_owed(&self) -> Vec<Value> {
        std::mem::take(&mut self.0.lock().owed)
    }

    /// Everything in a room, in order.
    #[must_use]
    pub fn events(&self, room: &str) -> Vec<Value> {
        self.0.lock().rooms.get(room).map(|room| room.events.clone()).unwrap_or_default()
    }

    /// The rooms where both are, in the order of their making.
    #[must_use]
    pub fn rooms_of(&self, one: &str, other: &str) -> Vec<String> {
        let state = self.0.lock();
        let mut shared: Vec<_> = state
            .rooms
            .iter()
            .filter(|(_, room)| {
                let is_in =
                    |user: &str| room.members.get(user).is_some_and(|how| how == "join" || how == "invite");
                is_in(one) && is_in(other)
            })
            .map(|(id, _)| id.clone())
            .collect();
        shared.sort_by_key(|id| id.len());
        shared
    }

    /// Method and path of every request, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.0.lock().requests.clone()
    }

    /// Does what a person's client would ask for.
    ///
    /// # Panics
    /// Where the homeserver refuses.
    pub fn does(&self, user: &str, call: Call) -> Value {
        let mut state = self.0.lock();
        state.users.entry(user.to_owned()).or_default();
        match state.answer(user, &call) {
            Ok(answer) => answer,
            Err(error) => panic!("{user} is refused {call:?}: {error}"),
        }
    }
}

#[async_trait]
impl Wire for Double {
    async fn call(&self, user: &UserId, call: Call) -> Result<Value, CallError> {
        let mut state = self.0.lock();
        let line = format!("{} /{}", call.method, call.path.join("/"));
        state.requests.push(line);
        match state.faults.pop_front() {
            Some(Fault::Lost(error)) => Err(error),
            Some(Fault::AnswerLost) => {
                let _ = state.answer(user.as_str(), &call);
                Err(CallError::Unreachable("the answer is lost".to_owned()))
            }
            None => state.answer(user.as_str(), &call),
        }
    }

    async fn download(&self, _user: &UserId, call: Call) -> Result<Bytes, CallError> {
        let id = call.path.last().cloned().unwrap_or_default();
        self.0.lock().files.get(&id).cloned().ok_or_else(|| refused(404, "M_NOT_FOUND"))
    }
}

impl State {
    fn answer(&mut self, user: &str, call: &Call) -> Result<Value, CallError> {
        let path: Vec<&str> = call.path.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        let content = match &call.body {
            Body::Json(json) => json.clone(),
            Body::Empty | Body::File(..) => json!({}),
        };
        if let ["client", "v3", "register"] = path[..] {
            let localpart = content["username"].as_str().unwrap_or_default();
            let server = user.split_once(':').map_or("", |(_, server)| server);
            return match self.users.insert(format!("@{localpart}:{server}"), String::new()) {
                Some(_) => Err(refused(400, "M_USER_IN_USE")),
                None => Ok(json!({})),
            };
        }
        if !self.users.contains_key(user) {
            return Err(refused(403, "M_FORBIDDEN"));
        }
        match (call.method.as_str(), &path[..]) {
            ("GET", ["client", "v3", "account", "whoami"]) => Ok(json!({ "user_id": user })),
            ("PUT", ["client", "v3", "profile", of, "displayname"]) => {
                let name = content["displayname"].as_str().unwrap_or_default().to_owned();
                self.users.insert((*of).to_owned(), name);
                Ok(json!({}))
            }
            ("GET", ["client", "v3", "profile", of, "displayname"]) => match self.users.get(*of) {
                Some(name) => Ok(json!({ "displayname": name })),
                None => Err(refused(404, "M_NOT_FOUND")),
            },
            ("GET", ["client", "v3", "joined_rooms"]) => {
                let joined = self.rooms.iter().filter(|(_, room)| room.has(user));
                Ok(json!({ "joined_rooms": joined.map(|(id, _)| id).collect::<Vec<_>>() }))
            }
            ("POST", ["client", "v3", "createRoom"]) => Ok(self.create(user, &content)),
            ("POST", ["media", "v3", "upload"]) => {
                let id = self.count("file");
                if let Body::File(_, bytes) = &call.body {
                    self.files.insert(id.clone(), bytes.clone());
                }
                Ok(json!({ "content_uri": format!("mxc://test/{id}") }))
            }
            (method, ["client", _, "rooms", room, rest @ ..]) => {
                self.in_room(user, method, room, rest, content)
            }
            _ => Err(refused(404, "M_UNRECOGNIZED")),
        }
    }

    fn in_room(
        &mut self,
        user: &str,
        method: &str,
        room: &str,
        rest: &[&str],
        content: Value,
    ) -> Result<Value, CallError> {
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
            ("GET", ["joined_members"]) => {
                let members = known.members.iter().filter(|(_, how)| *how == "join");
                let joined: serde_json::Map<_, _> =
                    members.map(|(user, _)| (user.clone(), json!({}))).collect();
                Ok(json!({ "joined": joined }))
            }
            ("GET", ["state", kind, key @ ..]) => {
                let key = key.first().copied().unwrap_or_default();
                let found = known.state.get(&((*kind).to_owned(), key.to_owned()));
                found.cloned().ok_or_else(|| refused(404, "M_NOT_FOUND"))
            }
            ("GET", ["messages"]) => {
                Ok(json!({ "chunk": known.events.iter().rev().take(50).collect::<Vec<_>>() }))
            }
            ("GET", ["relations", event, relation]) => {
                let related = known.events.iter().rev().filter(|other| {
                    let to = &other["content"]["m.relates_to"];
                    to["event_id"] == **event && to["rel_type"] == **relation
                });
                Ok(json!({ "chunk": related.collect::<Vec<_>>() }))
            }
            ("PUT", ["state", kind, key @ ..]) => {
                let key = key.first().copied().unwrap_or_default().to_owned();
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

    fn create(&mut self, user: &str, request: &Value) -> Value {
        let room = format!("!{}:test", self.count("room"));
        self.rooms.insert(room.clone(), Room::default());
        self.member(&room, user, user, "join", false);
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

    fn member(&mut self, room: &str, sender: &str, user: &str, membership: &str, is_direct: bool) {
        let mut content = json!({ "membership": membership });
        if is_direct {
            content["is_direct"] = json!(true);
        }
        if let Some(room) = self.rooms.get_mut(room) {
            room.members.insert(user.to_owned(), membership.to_owned());
        }
        self.event(room, sender, "m.room.member", Some(user.to_owned()), content, None);
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
            room.events.push(event.clone());
        }
        self.owed.push(event);
        json!({ "event_id": id })
    }

    fn count(&mut self, what: &str) -> String {
        self.counted += 1;
        format!("{what}{}", self.counted)
    }
}

impl Room {
    fn has(&self, user: &str) -> bool {
        self.members.get(user).is_some_and(|how| how == "join")
    }
}

fn refused(status: u16, code: &str) -> CallError {
    CallError::Refused { status, code: code.to_owned(), message: String::new() }
}

//! A homeserver of maps: just as much of the client-server API as the kit asks for, and faults on demand.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use ruma::UserId;
use serde_json::{Value, json};

use super::{absences::Absence, first_logins::FirstLogins, keys::Keys, rooms::Room};
use crate::wire::{Body, Call, CallError, FileStream, Wire};

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
pub(super) struct State {
    pub counted: u64,
    /// Users and their display names.
    users: BTreeMap<String, String>,
    pub rooms: BTreeMap<String, Room>,
    /// User, room, kind and transaction id → event.
    pub transactions: HashMap<[String; 4], String>,
    files: HashMap<String, Bytes>,
    file_bytes_max: Option<usize>,
    /// User and type → content.
    account_data: BTreeMap<(String, String), Value>,
    /// What servers of partners say of somebody's time.
    availability: BTreeMap<String, Value>,
    /// What the bots have not been told.
    pub owed: Vec<Value>,
    keys: Keys,
    first_logins: FirstLogins,
    /// What goes wrong with the next requests; nothing with some of them.
    faults: VecDeque<Option<Fault>>,
    requests: Vec<String>,
    /// What kinds of rooms of the bots nobody may make.
    pub unmade: BTreeSet<String>,
    /// Who has no account here; everybody else has one.
    absent: BTreeSet<String>,
    /// Other servers whose people cannot be asked in, and how.
    pub away: BTreeMap<String, Absence>,
}

impl Double {
    /// The next requests go wrong like this, in this order.
    pub fn faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.0.lock().faults.extend(faults.into_iter().map(Some));
    }

    /// After so many more requests one goes wrong like this.
    pub fn fails_behind(&self, requests: usize, fault: Fault) {
        let mut state = self.0.lock();
        state.faults.extend(std::iter::repeat_n(None, requests));
        state.faults.push_back(Some(fault));
    }

    /// From now on nobody of another server can be asked into a room; with no absence they can again.
    pub fn loses(&self, server: &str, absence: Option<Absence>) {
        let mut state = self.0.lock();
        match absence {
            Some(absence) => state.away.insert(server.to_owned(), absence),
            None => state.away.remove(server),
        };
    }

    /// Nobody has an account of this name.
    pub fn lacks(&self, user: &str) {
        self.0.lock().absent.insert(user.to_owned());
    }

    /// The next transaction for these users, as the homeserver would send it; what is in it counts as told then.
    #[must_use]
    pub fn take_transaction(&self, bots: &[String]) -> Option<Value> {
        let mut state = self.0.lock();
        let events = std::mem::take(&mut state.owed);
        let (messages, changed) = (state.keys.take_messages(bots, None), state.keys.take_changed());
        let counts = state.keys.take_counts();
        if events.is_empty() && messages.is_empty() && changed.is_empty() && counts.is_none() {
            return None;
        }
        let mut transaction = json!({ "events": events, "to_device": messages });
        transaction["org.matrix.msc3202.device_lists"] = json!({ "changed": changed, "left": [] });
        if let Some((left, unused)) = counts {
            transaction["org.matrix.msc3202.device_one_time_keys_count"] = left;
            transaction["org.matrix.msc3202.device_unused_fallback_key_types"] = unused;
        }
        Some(transaction)
    }

    /// The messages to a device of a person; they count as received then.
    #[must_use]
    pub fn take_messages(&self, person: &str, device: &str) -> Vec<Value> {
        self.0.lock().keys.take_messages(&[person.to_owned()], Some(device))
    }

    /// Somebody has entered their account.
    pub fn has_entered(&self, account: &str) {
        self.0.lock().first_logins.entered.insert(account.to_owned());
    }

    /// The path of the link that lets somebody in for the first time, where one works.
    #[must_use]
    pub fn first_login_of(&self, account: &str) -> Option<String> {
        self.0.lock().first_logins.links.get(account).map(|(path, _)| path.clone())
    }

    /// How the organisation was last said to stand to somebody, and by whom; none where nobody said anything.
    #[must_use]
    pub fn standing_of(&self, account: &str) -> Option<(String, String)> {
        self.0.lock().first_logins.standings.get(account).cloned()
    }

    /// Somebody is an administrator of the server: no service's word changes their account.
    pub fn is_administrator(&self, account: &str) {
        self.0.lock().first_logins.administrators.insert(account.to_owned());
    }

    /// What is said next of somebody is not done, and to be said again.
    pub fn leaves_unfinished(&self, account: &str) {
        self.0.lock().first_logins.unfinished.insert(account.to_owned());
    }

    /// The name of a visitor, until when they may be in a room, and the path of their link; none where they are not asked in.
    #[must_use]
    pub fn visit_of(&self, room: &str, address: &str) -> Option<(String, u64, String)> {
        self.0.lock().first_logins.visits.get(&(room.to_owned(), address.to_owned())).cloned()
    }

    /// From now on no room of this kind of ours can be made.
    pub fn makes_no_rooms_of(&self, kind: &str) {
        self.0.lock().unmade.insert(kind.to_owned());
    }

    /// From now on the homeserver lets in nobody from outside.
    pub fn lets_no_visitors_in(&self) {
        self.0.lock().first_logins.is_closed = true;
    }

    /// One-time keys that a user has left.
    #[must_use]
    pub fn keys_left(&self, user: &str) -> usize {
        self.0.lock().keys.left(user)
    }

    /// Everything in a room, in order.
    #[must_use]
    pub fn events(&self, room: &str) -> Vec<Value> {
        self.0.lock().rooms.get(room).map(|room| room.events.clone()).unwrap_or_default()
    }

    /// Who has read up to which event of a room, in the order of the receipts: user, kind, event.
    #[must_use]
    pub fn receipts(&self, room: &str) -> Vec<(String, String, String)> {
        self.0.lock().rooms.get(room).map(|room| room.receipts.clone()).unwrap_or_default()
    }

    /// The direct chats where both are, in the order of their making.
    #[must_use]
    pub fn direct_rooms_of(&self, one: &str, other: &str) -> Vec<String> {
        let state = self.0.lock();
        let mut shared: Vec<_> = state
            .rooms
            .iter()
            .filter(|(_, room)| {
                let is_in =
                    |user: &str| room.members.get(user).is_some_and(|how| how == "join" || how == "invite");
                room.is_direct && is_in(one) && is_in(other)
            })
            .map(|(id, _)| id.clone())
            .collect();
        shared.sort_by_key(|id| id.len());
        shared
    }

    /// The rooms whose state of this type, with an empty key, is meant.
    #[must_use]
    pub fn rooms_with(&self, kind: &str, is_meant: impl Fn(&Value) -> bool) -> Vec<String> {
        let state = self.0.lock();
        let key = (kind.to_owned(), String::new());
        let meant = state.rooms.iter().filter(|(_, room)| room.state.get(&key).is_some_and(&is_meant));
        meant.map(|(id, _)| id.clone()).collect()
    }

    /// The content of a state of a room; null where there is none.
    #[must_use]
    pub fn state(&self, room: &str, kind: &str, state_key: &str) -> Value {
        let state = self.0.lock();
        let room = state.rooms.get(room);
        let content = room.and_then(|room| room.state.get(&(kind.to_owned(), state_key.to_owned())));
        content.cloned().unwrap_or_default()
    }

    /// What somebody has in their account data; null where there is nothing.
    #[must_use]
    pub fn account_data(&self, user: &str, kind: &str) -> Value {
        let of = (user.to_owned(), kind.to_owned());
        self.0.lock().account_data.get(&of).cloned().unwrap_or_default()
    }

    /// A client of somebody writes account data.
    pub fn sets_account_data(&self, user: &str, kind: &str, content: Value) {
        self.0.lock().account_data.insert((user.to_owned(), kind.to_owned()), content);
    }

    /// From now on the server of somebody elsewhere says that they are busy then, and free otherwise.
    pub fn is_busy_elsewhere(&self, user: &str, busy: Value) {
        self.0.lock().availability.insert(user.to_owned(), busy);
    }

    /// Method and path of every request, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.0.lock().requests.clone()
    }

    /// The bytes behind the address of a file.
    ///
    /// # Panics
    /// Where there are none.
    #[must_use]
    pub fn file(&self, mxc: &str) -> Vec<u8> {
        let id = mxc.rsplit('/').next().unwrap_or_default();
        self.0.lock().files.get(id).expect("a file").to_vec()
    }

    /// From now on other bytes stand where files were uploaded.
    pub fn spoils_files(&self) {
        for bytes in self.0.lock().files.values_mut() {
            *bytes = bytes.iter().map(|byte| byte ^ 1).collect();
        }
    }

    /// Files of more bytes than this are refused.
    pub fn takes_files_of(&self, bytes_max: usize) {
        self.0.lock().file_bytes_max = Some(bytes_max);
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

impl Double {
    /// The answer to a request of the bots; nothing where it never comes.
    fn answered(&self, user: &UserId, call: &Call) -> Option<Result<Value, CallError>> {
        let mut state = self.0.lock();
        let line = format!("{} /{}", call.method, call.path.join("/"));
        state.requests.push(line);
        match (state.faults.pop_front().flatten(), state.absence(call)) {
            (Some(Fault::Lost(error)), _) => Some(Err(error)),
            (Some(Fault::AnswerLost), _) => {
                let _ = state.answer(user.as_str(), call);
                Some(Err(CallError::Unreachable("the answer is lost".to_owned())))
            }
            (None, Some(Absence::Away)) => {
                Some(Err(CallError::Unreachable("their server is away".to_owned())))
            }
            (None, Some(Absence::Silent)) => None,
            (None, None) => Some(state.answer(user.as_str(), call)),
        }
    }
}

#[async_trait]
impl Wire for Double {
    async fn call(&self, user: &UserId, call: Call) -> Result<Value, CallError> {
        match self.answered(user, &call) {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    async fn download(&self, _user: &UserId, call: Call) -> Result<Bytes, CallError> {
        let id = call.path.last().cloned().unwrap_or_default();
        self.0.lock().files.get(&id).cloned().ok_or_else(|| refused(404, "M_NOT_FOUND"))
    }

    async fn open(&self, user: &UserId, call: Call) -> Result<FileStream, CallError> {
        let bytes = self.download(user, call).await?;
        let length = u64::try_from(bytes.len()).ok();
        Ok(FileStream { bytes: length, pieces: Box::pin(futures_util::stream::iter([Ok(bytes)])) })
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
            ("GET", ["client", "v3", "profile", of]) if self.absent.contains(*of) => {
                Err(refused(404, "M_NOT_FOUND"))
            }
            ("GET", ["client", "v3", "profile", _]) => Ok(json!({})),
            ("GET", ["client", "v3", "joined_rooms"]) => {
                let joined = self.rooms.iter().filter(|(_, room)| room.has(user));
                Ok(json!({ "joined_rooms": joined.map(|(id, _)| id).collect::<Vec<_>>() }))
            }
            (method, ["client", "v3", "user", of, "account_data", kind]) => {
                let of = ((*of).to_owned(), (*kind).to_owned());
                if method == "PUT" {
                    self.account_data.insert(of, content);
                    return Ok(json!({}));
                }
                self.account_data.get(&of).cloned().ok_or_else(|| refused(404, "M_NOT_FOUND"))
            }
            ("POST", ["client", "unstable", "org.matrix.msc4496", "user", of, "availability"]) => {
                let busy = self.availability.get(*of).ok_or_else(|| refused(403, "M_FORBIDDEN"))?;
                let (start, end) = (&content["range_start"], &content["range_end"]);
                Ok(json!({ "user_id": of, "range_start": start, "range_end": end, "busy": busy }))
            }
            (_, ["client", "v3", "devices" | "keys" | "sendToDevice", ..]) => {
                self.keys.answer(user, call, &path[2..], &content)
            }
            (method, ["client", "unstable", "com.lianqiao.people", "first_logins", rest @ ..]) => {
                Ok(self.first_logins.answer(method, rest, &content, &self.users))
            }
            ("POST", ["client", "unstable", "com.lianqiao.people", "standings"]) => {
                Ok(self.first_logins.stand(&content))
            }
            (method, ["client", "unstable", "com.lianqiao.people", "visitors", rest @ ..]) => {
                self.first_logins.visit(method, rest, &content)
            }
            ("POST", ["client", "v3", "createRoom"]) if self.is_unmade(&content) => {
                Err(refused(403, "M_FORBIDDEN"))
            }
            ("POST", ["client", "v3", "createRoom"]) => Ok(self.create(user, &content)),
            ("POST", ["media", "v3", "upload"]) => {
                let id = self.count("file");
                if let Body::File(_, bytes) = &call.body {
                    if self.file_bytes_max.is_some_and(|bytes_max| bytes.len() > bytes_max) {
                        return Err(refused(413, "M_TOO_LARGE"));
                    }
                    self.files.insert(id.clone(), bytes.clone());
                }
                Ok(json!({ "content_uri": format!("mxc://test/{id}") }))
            }
            (method, ["client", _, "rooms", room, rest @ ..]) => {
                self.in_room(user, method, room, rest, (&call.query, content))
            }
            _ => Err(refused(404, "M_UNRECOGNIZED")),
        }
    }

    pub fn count(&mut self, what: &str) -> String {
        self.counted += 1;
        format!("{what}{}", self.counted)
    }
}

pub(super) fn refused(status: u16, code: &str) -> CallError {
    CallError::Refused { status, code: code.to_owned(), message: String::new() }
}

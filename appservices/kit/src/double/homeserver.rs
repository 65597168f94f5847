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
pub struct Double(pub(super) Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    pub counted: u64,
    /// Users and their display names.
    pub users: BTreeMap<String, String>,
    pub rooms: BTreeMap<String, Room>,
    /// User, room, kind and transaction id → event.
    pub transactions: HashMap<[String; 4], String>,
    pub files: HashMap<String, Bytes>,
    pub file_bytes_max: Option<usize>,
    /// User and type → content.
    pub account_data: BTreeMap<(String, String), Value>,
    /// What servers of partners say of somebody's time.
    pub availability: BTreeMap<String, Value>,
    /// What the bots have not been told.
    pub owed: Vec<Value>,
    pub keys: Keys,
    pub first_logins: FirstLogins,
    /// What goes wrong with the next requests; nothing with some of them.
    pub faults: VecDeque<Option<Fault>>,
    pub requests: Vec<String>,
    /// What kinds of rooms of the bots nobody may make.
    pub unmade: BTreeSet<String>,
    /// Who has no account here; everybody else has one.
    pub absent: BTreeSet<String>,
    /// Other servers whose people cannot be asked in, and how.
    pub away: BTreeMap<String, Absence>,
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
    pub fn answer(&mut self, user: &str, call: &Call) -> Result<Value, CallError> {
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

//! Other servers that are not there when somebody of theirs is asked into a room.

use super::homeserver::State;
use crate::wire::{Body, Call};

/// How a server is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// It cannot be reached.
    Away,
    /// It takes what it is asked and never answers.
    Silent,
}

impl State {
    /// How the server of whoever is asked in by this request is not there.
    pub fn absence(&self, call: &Call) -> Option<Absence> {
        let (Some("invite"), Body::Json(content)) = (call.path.last().map(String::as_str), &call.body) else {
            return None;
        };
        let (_, server) = content["user_id"].as_str()?.split_once(':')?;
        self.away.get(server).copied()
    }
}

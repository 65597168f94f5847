//! What the bot and the command line have done: list, bind, unbind, ask how the lines are, read history, bind people.

mod binding;
mod codes;
mod listing;
mod members;
mod people;
mod standing;

pub(crate) use self::codes::code_said;
use bridge_api::{ConversationId, Network};
use ruma::OwnedRoomId;
use serde::{Deserialize, Serialize};

use crate::QuotaLeft;

/// A conversation as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its network.
    pub network: Network,
    /// Its id there.
    pub conversation: ConversationId,
    /// Its name there.
    pub name: String,
    /// The room that it is bound to.
    pub room: Option<OwnedRoomId>,
}

/// How a line stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineStatus {
    /// Its network.
    pub network: Network,
    /// Whether it is up.
    pub is_up: bool,
    /// Since when, in milliseconds since 1970; 0 when nobody knows.
    pub since_ms: u64,
    /// Why it is down.
    pub reason: String,
    /// Conversations in which something had been missed, ever.
    pub gaps: u64,
    /// Conversations that are bound.
    pub bound: usize,
    /// Rows that wait to go into rooms.
    pub waiting_in: usize,
    /// Rows that wait to go to the platform.
    pub waiting_out: usize,
    /// What does not work although it is up, in English.
    #[serde(default)]
    pub amiss: Vec<String>,
    /// What is left of what the platform counts.
    pub quotas: Vec<QuotaLeft>,
}

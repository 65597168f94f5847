//! One person, or one partner, at one node.

use std::collections::BTreeMap;

use cases::{Source, Via};
use people::PersonId;
use ruma::{OwnedServerName, ServerName};
use serde::{Deserialize, Serialize};

/// One person at one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its id in the case, `t3`.
    pub id: String,
    /// The node.
    pub node: String,
    /// The round.
    pub round: u32,
    /// Who is asked.
    pub owner: PersonId,
    /// Who may act for them.
    pub delegate: Option<PersonId>,
    /// How it stands.
    pub state: TaskState,
    /// How it was decided.
    pub decided: Option<Decided>,
    /// How often it was passed on.
    pub transfers: u32,
    /// Who added it, and the task that waits for it.
    pub added: Option<Added>,
    /// What is waited for before a decision counts.
    pub awaiting: Option<Awaiting>,
    /// The partner whose bot finds somebody; the owner then stands for the server.
    #[serde(default)]
    pub partner: Option<Partner>,
    /// How those who are asked hear of it, where the way is not their chat.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub instead: BTreeMap<PersonId, Instead>,
}

/// What takes the place of a chat that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instead {
    /// A card on another platform.
    Card,
    /// A letter.
    Mail,
    /// There is no way to them.
    Nothing,
}

/// A partner who is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partner {
    /// The server of its bot.
    pub server: OwnedServerName,
    /// What somebody there must be able to do, in the partner's words.
    pub capability: String,
    /// Whether its bot has said that it asks somebody.
    pub is_asked: bool,
    /// Since when its bot does not answer, in ms since 1970.
    pub offline_since_ms: Option<u64>,
}

impl Partner {
    /// What stands in place of a person for the people of a server.
    #[must_use]
    pub fn stand_in(server: &ServerName) -> PersonId {
        PersonId(format!("{STAND_IN}{server}"))
    }

    /// The server that a stand-in is for.
    #[must_use]
    pub fn server_of(id: &PersonId) -> Option<&str> {
        id.0.strip_prefix(STAND_IN)
    }
}

/// The text key of the outcome of a task by which a case was sent back.
pub const SENT_BACK: &str = "result.returned";

/// Begins the stand-in of a server. What a task may be decided by hangs on [`Task::partner`], never on this.
const STAND_IN: &str = "server:";

impl Task {
    /// Whether this person is asked.
    #[must_use]
    pub fn is_of(&self, person: &PersonId) -> bool {
        self.partner.is_none() && self.owner == *person
    }

    /// Whether it was sent back by who was asked, and not because it lies behind what somebody else sent back.
    #[must_use]
    pub fn sends_back(&self) -> bool {
        let result = self.decided.as_ref().map(|decided| decided.result.as_str());
        self.state == TaskState::Returned && result == Some(SENT_BACK)
    }

    /// Whether it can still be decided by this person: its owner, or who acts for them.
    #[must_use]
    pub fn waits_for(&self, person: &PersonId) -> bool {
        self.state.is_open() && (self.is_of(person) || self.delegate.as_ref() == Some(person))
    }
}

/// How a task came about that the flow does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// By whom.
    pub by: PersonId,
    /// The task that waits until this one is decided.
    pub before: Option<String>,
}

/// How a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Others come first.
    Waiting,
    /// The owner is asked.
    Pending,
    /// The owner agreed.
    Approved,
    /// The owner did not agree.
    Rejected,
    /// The owner sent it back, or it lies behind what was sent back.
    Returned,
    /// Somebody else is asked in their place.
    Transferred,
    /// Passed over: decided before, or by policy.
    Skipped,
    /// The node was decided by others.
    Closed,
    /// Time was up.
    Expired,
}

impl TaskState {
    /// Whether it can still be decided.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Waiting | Self::Pending => true,
            Self::Approved
            | Self::Rejected
            | Self::Returned
            | Self::Transferred
            | Self::Skipped
            | Self::Closed
            | Self::Expired => false,
        }
    }
}

/// How a task was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Who acted.
    pub by: PersonId,
    /// When, in ms since 1970.
    pub at_ms: u64,
    /// By what way.
    pub via: Via,
    /// The text key of the outcome.
    pub result: String,
    /// The reason or comment.
    pub reason: Option<String>,
}

/// What is waited for before a decision counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaiting {
    /// By whom.
    pub by: PersonId,
    /// A code to repeat; without one, a reason.
    pub code: Option<String>,
    /// Until when, in ms since 1970.
    pub until_ms: u64,
    /// The reaction that began it; taking it back ends it.
    pub source: Option<Source>,
}

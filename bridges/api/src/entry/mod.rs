//! What our bots keep in a platform's own apps: approvals in its approval centre, tasks among its to-dos, meetings in its calendar.
//!
//! The bots own all of it; what a platform shows is a picture of it, put there whole with every change. What people do to the
//! picture comes back as an [`Acted`] and counts once the bot agrees.

mod approval;
mod exceptions;
mod meeting;
mod todo;

use serde::{Deserialize, Serialize};

pub use self::{
    approval::{Approval, ApprovalState, ApprovalTask, ApprovalTaskState, ForeignApproval},
    exceptions::{Exception, Instead, Standing},
    meeting::{Answer, Attendee, Busy, Meeting},
    todo::{Assignee, Priority, Todo, TodoState},
};
use crate::{EntryKey, Language, PersonId};

/// What all entries have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryHead {
    /// What it is called, for ever.
    pub key: EntryKey,
    /// Rises with every change, so that a late one is dropped.
    #[serde(alias = "rev")]
    pub revision: u64,
    /// The number that people call it by (`AP-20261105-0012`).
    pub number: String,
    /// What it is about, in one line.
    pub title: String,
    /// Where it is read in full, an `https` address.
    pub link: Option<String>,
    /// The language of words that the connector adds.
    pub language: Language,
    /// When it began, in milliseconds since the Unix epoch.
    pub begun_ms: u64,
    /// When it changed last.
    pub changed_ms: u64,
}

/// What somebody did to an entry in the platform's own app. A connector makes one of a verified call, or of what it read itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acted {
    /// To what: the key of the to-do, of the meeting, or of the task of an approval.
    pub key: EntryKey,
    /// Who, as the platform vouches.
    pub by: PersonId,
    /// What they did.
    pub action: Action,
    /// What they wrote with it.
    pub words: Option<String>,
    /// To which instance of a series alone, by [`Exception::original_ms`]; none for all of it.
    #[serde(default)]
    pub instance_ms: Option<u64>,
    /// SHA-256 of what the platform said of it, in lower-case hexadecimal.
    pub proof: String,
}

/// What somebody may do to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Agreed to the task of an approval.
    Approve,
    /// Did not.
    Reject,
    /// Is done with a to-do.
    Done,
    /// Is not, after all.
    Reopen,
    /// Comes to a meeting.
    Accept,
    /// Perhaps.
    Tentative,
    /// Does not.
    Decline,
}

impl Action {
    /// What it is called in events.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Done => "done",
            Self::Reopen => "reopen",
            Self::Accept => "accept",
            Self::Tentative => "tentative",
            Self::Decline => "decline",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_survives_its_way_through_a_row() {
        let acted = Acted {
            key: EntryKey::new("task/01JC").expect("valid"),
            by: PersonId::new("ou_1").expect("valid"),
            action: Action::Done,
            words: None,
            instance_ms: Some(1),
            proof: "0".repeat(64),
        };
        let json = serde_json::to_value(&acted).expect("writes");
        assert_eq!(json["action"], acted.action.key());
        assert_eq!(serde_json::from_value::<Acted>(json).expect("reads"), acted);
    }
}

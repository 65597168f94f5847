//! Approvals: ours in a platform's approval centre, and those whose flow runs there.

use serde::{Deserialize, Serialize};

use super::EntryHead;
use crate::{EntryKey, EntryOnPlatform, PersonId};

/// An approval of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// What all entries have.
    #[serde(flatten)]
    pub head: EntryHead,
    /// The form that may be read by everybody who sees it: name and value, at most [`crate::limits::ENTRY_LINES_MAX`].
    pub lines: Vec<(String, String)>,
    /// Who asks, where they are on the platform.
    pub starter: Option<PersonId>,
    /// What who asks is called.
    pub starter_name: String,
    /// How it stands.
    pub state: ApprovalState,
    /// When it ended.
    pub ended_ms: Option<u64>,
    /// Who decides, at most [`crate::limits::ENTRY_PEOPLE_MAX`].
    pub tasks: Vec<ApprovalTask>,
}

/// How an approval stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// Somebody is asked.
    Pending,
    /// Granted.
    Approved,
    /// Refused.
    Rejected,
    /// Taken back by who asked, or returned to them, or ended by an administrator.
    Canceled,
}

/// One person at one step of an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalTask {
    /// What it is called, for ever: what people do to it comes back under this key.
    pub key: EntryKey,
    /// Who decides.
    #[serde(alias = "account")]
    pub person: PersonId,
    /// How it stands.
    pub state: ApprovalTaskState,
    /// What the step is called.
    pub step: String,
    /// When they were asked.
    pub begun_ms: u64,
    /// When it ended.
    pub ended_ms: Option<u64>,
    /// Whether a rejection needs a reason.
    pub needs_reason: bool,
}

/// How a task of an approval stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalTaskState {
    /// It waits for them.
    Pending,
    /// They agreed.
    Approved,
    /// They did not.
    Rejected,
    /// Somebody else decides in their place.
    Transferred,
    /// Decided by others, skipped or over.
    Closed,
}

/// An approval of the platform's own, whose flow runs there: colleagues are told of it here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignApproval {
    /// What it is called there.
    pub id: EntryOnPlatform,
    /// The number that people call it by there.
    pub number: String,
    /// What it is about.
    pub title: String,
    /// Who asks.
    pub starter: Option<PersonId>,
    /// How it stands.
    pub state: ApprovalState,
    /// Who is asked now, with the platform's id of what they are asked.
    pub asked: Vec<(PersonId, String)>,
    /// Name and value of the form, at most [`crate::limits::ENTRY_LINES_MAX`].
    pub lines: Vec<(String, String)>,
    /// Where it is read there.
    pub link: Option<String>,
    /// Whether [`crate::Approvals::decide`] can decide it.
    pub can_be_decided: bool,
    /// When it changed, by the platform's clock, in milliseconds since the Unix epoch.
    pub changed_ms: u64,
}

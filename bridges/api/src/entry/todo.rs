//! Tasks among people's to-dos.

use serde::{Deserialize, Serialize};

use super::EntryHead;
use crate::PersonId;

/// A task of ours, as a to-do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Todo {
    /// What all entries have.
    #[serde(flatten)]
    pub head: EntryHead,
    /// What is to be done, beyond the title; may be empty.
    pub description: String,
    /// Who gave it, where they are on the platform.
    pub creator: Option<PersonId>,
    /// Who does it, at most [`crate::limits::ENTRY_PEOPLE_MAX`].
    pub assignees: Vec<Assignee>,
    /// Who watches it.
    pub followers: Vec<PersonId>,
    /// Whether one of them finishes it for all.
    pub is_done_by_any: bool,
    /// By when, in milliseconds since the Unix epoch.
    pub due_ms: Option<u64>,
    /// How pressing it is.
    pub priority: Priority,
    /// How it stands.
    pub state: TodoState,
}

/// Who does a task, and whether they have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignee {
    /// Who.
    #[serde(alias = "account")]
    pub person: PersonId,
    /// Whether they are done with it.
    pub is_done: bool,
}

/// How pressing a task is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Some day.
    Low,
    /// As any other.
    #[default]
    Normal,
    /// Before others.
    High,
    /// At once.
    Urgent,
}

/// How a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TodoState {
    /// To be done.
    Open,
    /// Done.
    Done,
    /// Not to be done any more.
    Canceled,
}

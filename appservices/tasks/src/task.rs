//! The data of a task.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Not,
};

use cases::{Source, Via};
use people::PersonId;
use ruma::{OwnedEventId, OwnedRoomId};
use serde::{Deserialize, Serialize};

/// States of a task, as records name them. That one is overdue is derived.
pub(crate) mod state {
    /// Read from minutes; somebody has to say that it is wanted.
    pub const PROPOSED: &str = "proposed";
    /// Nobody has begun.
    pub const OPEN: &str = "open";
    /// Under way.
    pub const DOING: &str = "doing";
    /// Done.
    pub const DONE: &str = "done";
    /// Not wanted any more.
    pub const CANCELLED: &str = "cancelled";
}

/// What the case engine keeps of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Task {
    pub title: String,
    #[serde(default)]
    pub description: String,
    pub creator: PersonId,
    /// At least one.
    pub assignees: Vec<Assignee>,
    pub mode: Mode,
    #[serde(default)]
    pub followers: BTreeSet<PersonId>,
    pub priority: Priority,
    #[serde(default)]
    pub tags: BTreeSet<String>,
    #[serde(default)]
    pub start_ms: Option<u64>,
    #[serde(default)]
    pub due_ms: Option<u64>,
    #[serde(default)]
    pub checklist: Vec<Item>,
    /// The number of the task that it is a part of.
    #[serde(default)]
    pub parent: Option<String>,
    pub source: Origin,
    /// Whether the message that it was made from was redacted since.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub is_source_gone: bool,
    /// The name of the template that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Whether it is shown in encrypted chats alone, and nowhere else.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub is_secret: bool,
    /// How long before it is due it reminds of itself.
    pub remind_before_ms: Vec<u64>,
    /// Reminders that came, so that they can be put off; until it is done.
    #[serde(default)]
    pub fired: Vec<Reminded>,
    /// The rule of its repetition, RFC 5545, without `RRULE:`.
    #[serde(default)]
    pub repeat: Option<String>,
    /// Whether the next one was made.
    #[serde(default)]
    pub is_continued: bool,
    /// Occurrences between the one before and this one that nobody made.
    #[serde(default)]
    pub missed: u16,
    /// The zone of its times, by IANA name.
    pub zone: String,
    /// The room whose card it has; none where everybody has a card of their own.
    #[serde(default)]
    pub home: Option<OwnedRoomId>,
    /// Who has a card in their direct chat.
    #[serde(default)]
    pub cards_of: BTreeSet<PersonId>,
    /// Whether the creator was asked when it is due, and has not said.
    #[serde(default)]
    pub is_due_asked: bool,
    /// More time that somebody asked for.
    #[serde(default)]
    pub postponing: Option<Postponing>,
    /// How often more time was asked for.
    #[serde(default)]
    pub postponings: u32,
    /// Refusals that wait for a reason.
    #[serde(default)]
    pub awaiting: Vec<Awaiting>,
    /// How it ended.
    #[serde(default)]
    pub ended: Option<Ended>,
    /// Why somebody did what was done last, for the card.
    #[serde(default)]
    pub note: Option<(PersonId, String)>,
    /// Texts that records stand for, by hash.
    #[serde(default)]
    pub texts: BTreeMap<String, String>,
    /// When the cards were written last, in ms since 1970.
    #[serde(default)]
    pub shown_ms: u64,
}

/// Somebody who has it to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Assignee {
    pub person: PersonId,
    /// How far they are, in percent: 0, 25, 50, 75 or 100.
    pub progress: u8,
    /// Whether they said that they do it, where they have to.
    pub is_accepted: bool,
}

/// When a task of several people is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// When one of them is done.
    #[default]
    Any,
    /// When each of them is done.
    All,
}

/// How much it matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Priority {
    /// Wakes people at night.
    Urgent,
    High,
    #[default]
    Medium,
    Low,
}

/// A line of a checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub text: String,
    pub is_done: bool,
}

/// What a task was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// A command by itself.
    Command,
    /// A message; its text was copied.
    Event {
        room: OwnedRoomId,
        event: OwnedEventId,
        /// The words in it for which the bot offered a task.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
    },
    /// The approval with this number.
    Approval(String),
    /// The meeting with this number, or its minutes.
    Meeting(String),
    /// The task before it in a repetition, by number.
    Repeat(String),
}

/// A reminder that came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reminded {
    /// Its name in the task.
    pub name: String,
    pub at_ms: u64,
}

/// More time that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Postponing {
    pub number: u32,
    pub by: PersonId,
    pub due_ms: u64,
    pub reason: String,
}

/// A refusal that waits for its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Awaiting {
    pub by: PersonId,
    pub until_ms: u64,
    /// The reaction; taking it back ends it.
    pub source: Option<Source>,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ended {
    pub by: PersonId,
    pub at_ms: u64,
    pub via: Via,
    /// The key of the text of what it came to.
    pub result: String,
}

impl Task {
    /// How far it is, in percent: of several, the furthest where one is enough, else a quarter at or below the mean.
    pub fn progress(&self) -> u8 {
        let each = || self.assignees.iter().map(|assignee| assignee.progress);
        match self.mode {
            Mode::Any => each().max().unwrap_or(0),
            Mode::All => {
                let count = u32::try_from(self.assignees.len().max(1)).unwrap_or(u32::MAX);
                let mean = each().map(u32::from).sum::<u32>() / count;
                u8::try_from(mean / 25 * 25).unwrap_or(0)
            }
        }
    }

    pub fn assignee(&self, person: &PersonId) -> Option<&Assignee> {
        self.assignees.iter().find(|assignee| assignee.person == *person)
    }

    pub fn assignee_mut(&mut self, person: &PersonId) -> Option<&mut Assignee> {
        self.assignees.iter_mut().find(|assignee| assignee.person == *person)
    }

    /// Who still has something to do.
    pub fn busy(&self) -> impl Iterator<Item = &PersonId> {
        self.assignees.iter().filter(|assignee| assignee.progress < 100).map(|assignee| &assignee.person)
    }

    /// Who has not said yet whether they do it.
    pub fn asked(&self) -> impl Iterator<Item = &PersonId> {
        self.assignees.iter().filter(|assignee| !assignee.is_accepted).map(|assignee| &assignee.person)
    }
}

/// Whether somebody still has to do something about a task in this state.
pub(crate) fn is_running(of: &str) -> bool {
    matches!(of, state::OPEN | state::DOING)
}

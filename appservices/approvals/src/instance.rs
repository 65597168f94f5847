//! The data of an approval.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Not,
};

use people::{DepartmentPath, PersonId};
use ruma::{OwnedEventId, OwnedRoomId, OwnedServerName};
use serde::{Deserialize, Serialize};

pub use crate::task::{Added, Awaiting, Decided, Instead, Partner, SENT_BACK, Task, TaskState};
use crate::template::{File, Form, Template};

/// States of an approval, as records name them.
pub mod state {
    /// The starter fills in the form.
    pub const DRAFT: &str = "draft";
    /// People decide.
    pub const PENDING: &str = "pending";
    /// All have agreed.
    pub const APPROVED: &str = "approved";
    /// Somebody did not agree.
    pub const REJECTED: &str = "rejected";
    /// The starter took it back.
    pub const RECALLED: &str = "recalled";
    /// The starter is to change something.
    pub const RETURNED: &str = "returned";
    /// An administrator ended it.
    pub const TERMINATED: &str = "terminated";
    /// It was approved, and another approval undid it.
    pub const REVERTED: &str = "reverted";
}

/// What the case engine keeps of an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// The id of the template.
    pub template: String,
    /// The version it was begun with.
    pub version: u64,
    /// Who started it.
    pub starter: PersonId,
    /// The department it was started in.
    pub department: DepartmentPath,
    /// Where it was started: replies there belong to it while it is a draft.
    pub home: Option<Home>,
    /// The form.
    pub form: Form,
    /// The node under way.
    pub node: Option<Running>,
    /// The last round that was begun.
    pub rounds: u32,
    /// The first round since it was submitted last.
    pub first_round: u32,
    /// Nodes that were passed since then, in order.
    pub passed: Vec<String>,
    /// Every task there ever was, in order.
    pub tasks: Vec<Task>,
    /// Who reads along.
    pub readers: BTreeSet<PersonId>,
    /// How often the open ones were urged since the last decision.
    pub urges: u32,
    /// When they were urged last, in ms since 1970.
    pub urged_ms: Option<u64>,
    /// Where a returned one goes on, if not at the beginning.
    pub jump_back: Option<String>,
    /// The approval that this one is to undo.
    pub undoes: Option<String>,
    /// The approval that is to undo this one.
    pub undone_by: Option<String>,
    /// Texts that records stand for, by hash.
    pub texts: BTreeMap<String, String>,
    /// Why each step fell to whom.
    pub reasons: Vec<Why>,
    /// Why and by whom it ended or was sent back, for cards.
    #[serde(default)]
    pub note: Option<(PersonId, String)>,
    /// By whom, when and in which way it ended. Cases that ended before this was kept do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Decided>,
    /// The form as it was when it was returned, while it is.
    #[serde(default)]
    pub returned_with: Option<Form>,
    /// What was changed since it was returned: field, before, now, in a few words.
    #[serde(default)]
    pub changes: Vec<(String, String, String)>,
    /// Files that came after it was handed in, or from others than the starter.
    #[serde(default)]
    pub enclosures: Vec<Enclosure>,
    /// The file with the form, where a card does not show all of it.
    #[serde(default)]
    pub form_file: Option<FormFile>,
    /// Whether the dialogue about the draft has ended by itself: what is said beside it is not meant for it.
    #[serde(default)]
    pub is_resting: bool,
    /// Its case room, if it has one.
    #[serde(default)]
    pub room: Option<CaseRoom>,
    /// Whether it is of the class `secret`: what it says is read in encrypted rooms alone.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub is_secret: bool,
}

/// A file that somebody added to what is handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosure {
    /// The file.
    pub file: File,
    /// Who added it.
    pub by: PersonId,
    /// When, in ms since 1970.
    pub at_ms: u64,
}

/// A file with the whole form, as it was handed in. Its text is among those of the case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormFile {
    /// Hash of its bytes; the record of the handing in names it, too.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: usize,
}

/// The room of a case, where both sides hold its records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRoom {
    /// The partners whose bots are in it.
    pub here: BTreeSet<OwnedServerName>,
}

/// Where something was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// The room.
    pub room: OwnedRoomId,
    /// The event that answers go under.
    pub event: OwnedEventId,
    /// Whether the room is a direct chat with the bot.
    pub is_direct: bool,
}

/// The node under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The id of the node.
    pub id: String,
    /// The number of the round under way; rises over the whole case.
    pub round: u32,
    /// Whether the round is of people who were added behind: all of them must agree.
    pub is_added: bool,
    /// Rounds that follow within the node: the heads of one level each, or people added behind.
    pub rounds: Vec<Round>,
}

/// People who are asked together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Who.
    pub people: Vec<PersonId>,
    /// Whether somebody added them.
    pub is_added: bool,
}

/// Why a step fell to whom, as of which organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// The node.
    pub node: String,
    /// The people.
    pub people: Vec<PersonId>,
    /// The rule, as the template says it.
    pub rule: String,
    /// The condition of the branch that led there.
    pub condition: Option<String>,
    /// The version of the organisation.
    pub chart: u64,
    /// When, in ms since 1970.
    pub at_ms: u64,
    /// Whether it was asked anew since, because the case was sent back.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub is_past: bool,
}

impl Instance {
    /// A draft.
    #[must_use]
    pub fn begun(template: &Template, starter: PersonId, department: DepartmentPath, form: Form) -> Self {
        Self {
            template: template.id.clone(),
            version: template.version,
            starter,
            department,
            home: None,
            form,
            node: None,
            rounds: 0,
            first_round: 1,
            passed: Vec::new(),
            tasks: Vec::new(),
            readers: BTreeSet::new(),
            urges: 0,
            urged_ms: None,
            jump_back: None,
            undoes: None,
            undone_by: None,
            texts: BTreeMap::new(),
            reasons: Vec::new(),
            note: None,
            ended: None,
            returned_with: None,
            changes: Vec::new(),
            enclosures: Vec::new(),
            form_file: None,
            is_resting: false,
            room: None,
            is_secret: template.is_secret(),
        }
    }

    /// A task by its id.
    #[must_use]
    pub fn task(&self, id: &str) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id == id)
    }

    /// A task by its id.
    pub fn task_mut(&mut self, id: &str) -> Option<&mut Task> {
        self.tasks.iter_mut().find(|task| task.id == id)
    }

    /// The tasks that wait for somebody now.
    pub fn open(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.state == TaskState::Pending)
    }

    /// Whether somebody was asked to decide this task and then had others decide before.
    #[must_use]
    pub fn is_held_up(&self, task: &str) -> bool {
        let comes_before =
            |other: &Task| other.added.as_ref().and_then(|added| added.before.as_deref()) == Some(task);
        self.tasks.iter().any(comes_before)
    }

    /// Whether somebody has a part in it.
    #[must_use]
    pub fn involves(&self, person: &PersonId) -> bool {
        self.starter == *person
            || self.readers.contains(person)
            || self.tasks.iter().any(|task| task.is_of(person) || task.delegate.as_ref() == Some(person))
    }
}

//! The tables of this crate. Nobody else may touch them; ids 800 to 899 are ours.

use model::StreamPos;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo, record};

use crate::tasks::TaskState;

/// What somebody set out to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ActRow {
    pub at_ms: u64,
    pub actor: String,
    pub action: String,
    pub target: String,
}
record!(ActRow);

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutcomeRow {
    pub at_ms: u64,
    /// Empty for a success, otherwise the error as the actor was told.
    pub error: String,
}
record!(OutcomeRow);

/// A report of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReportRow {
    pub at_ms: u64,
    pub reporter: OwnedUserId,
    pub room: Option<OwnedRoomId>,
    pub event: Option<OwnedEventId>,
    /// Sender of the reported event, or the reported user.
    pub user: Option<OwnedUserId>,
    pub reason: Option<String>,
    pub score: Option<i64>,
}
record!(ReportRow);

/// Work in the background.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TaskRow {
    pub kind: String,
    pub subject: String,
    pub created_ms: u64,
    pub updated_ms: u64,
    pub state: TaskState,
    /// JSON text of what is to be done.
    pub input: String,
    /// JSON text of how far it has come, at last of what came out.
    pub progress: String,
    pub error: Option<String>,
}
record!(TaskRow);

pub(crate) const AUDIT: Table<StreamPos, ActRow> =
    Table::new(800, "audit", Profile::Scan, "who set out to do what to whom, and when?");
pub(crate) const AUDIT_OUTCOME: Table<StreamPos, OutcomeRow> =
    Table::new(801, "audit_outcome", Profile::Scan, "how did the act at this place of the audit stream end?");
/// (kind, place) → report.
pub(crate) const REPORT: Table<(u8, StreamPos), ReportRow> =
    Table::new(802, "report", Profile::Scan, "what have users reported?");
pub(crate) const TASK: Table<String, TaskRow> =
    Table::new(803, "task", Profile::Point, "what is this task about, and how far is it?");
/// (when it was created in ms, id).
pub(crate) const TASK_OPEN: Table<(u64, String), ()> =
    Table::new(804, "task_open", Profile::Queue, "which tasks are to be carried on?");
/// (subject, when it was created in ms, id).
pub(crate) const TASK_OF_SUBJECT: Table<(String, u64, String), ()> =
    Table::new(805, "task_of_subject", Profile::Scan, "which tasks were about this?");
/// Actions a second and burst; 0 a second means that the user is never limited.
pub(crate) const RATE_OVERRIDE: Table<OwnedUserId, (u64, u64)> =
    Table::new(806, "rate_override", Profile::Point, "has this user a rate limit of their own?");
pub(crate) const NOTICE_ROOM: Table<OwnedUserId, OwnedRoomId> =
    Table::new(807, "notice_room", Profile::Point, "in which room does this user get server notices?");

/// All tables of this crate, for the store and for the catalogue.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![
        AUDIT.info(),
        AUDIT_OUTCOME.info(),
        REPORT.info(),
        TASK.info(),
        TASK_OPEN.info(),
        TASK_OF_SUBJECT.info(),
        RATE_OVERRIDE.info(),
        NOTICE_ROOM.info(),
    ]
}

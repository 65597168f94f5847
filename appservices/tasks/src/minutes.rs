//! Tasks that are written into minutes: `待办: 事 @人 日期`, or the same behind its English mark.

use std::ops::Not;

use cases::Refusal;
use jiff::civil::DateTime;
use people::{Chart, PersonId};
use serde::{Deserialize, Serialize};

use crate::{act::refused, line};

/// Something that somebody is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Todo {
    /// What.
    pub title: String,
    /// Who; empty where the line names nobody.
    pub assignees: Vec<PersonId>,
    /// By when, in local time as text (`2026-11-10T18:00:00`); none where the line names no day.
    pub due: Option<String>,
    /// Whether it is shown in encrypted chats alone.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub is_secret: bool,
}

/// A to-do that somebody has to confirm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// What it says.
    pub todo: Todo,
    /// Whose meeting it was: who is asked, beside those who are to do it.
    pub by: PersonId,
    /// The number of the meeting.
    pub source_no: String,
    /// The zone of the times, by IANA name.
    pub zone: String,
}

/// Reads a line of minutes. Nothing where it is no to-do.
///
/// # Errors
/// Why a to-do cannot be read: E110 for people or title, or a template, of which minutes know none, E203 for the time. It is for whoever wrote the line.
#[must_use]
pub fn todo_of(line: &str, chart: &Chart, now: DateTime) -> Option<Result<Todo, Refusal>> {
    let line = line.trim().trim_start_matches(['-', '*', '•', ' ']);
    let (word, rest) = line.split_once([':', '：'])?;
    let is_todo = matches!(word.trim().to_lowercase().as_str(), "待办" | "todo" | "to-do" | "action");
    is_todo.then(|| {
        let read = line::read(rest, chart, &[], now)?;
        let example = "待办: 写纪要 @lisi 周五";
        if read.template.is_some() {
            return Err(refused("tk.field.template", "tk.problem.choice", example));
        }
        if read.title.is_empty() {
            return Err(refused("tk.field.title", "tk.problem.required", example));
        }
        Ok(Todo {
            title: read.title,
            assignees: read.assignees,
            due: read.due.map(|due| due.to_string()),
            is_secret: read.is_secret,
        })
    })
}

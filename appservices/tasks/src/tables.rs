//! The tables of this crate. Nobody else may touch them; ids 2400 to 2439 are ours.

use ruma::{OwnedEventId, OwnedRoomId};
use serde::{Deserialize, Serialize};
use store::{Profile, Table, TableInfo, record};

use crate::template::Template;

/// What the board of a room shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BoardRow {
    /// What it says; empty before it was sent.
    pub body: String,
    /// How often it was edited.
    pub edits: u64,
    /// Whether it changes no more, because the room is closed.
    #[serde(default)]
    pub is_frozen: bool,
}

/// How far the digests of a zone are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DigestRow {
    /// When the next ones are due, in ms since 1970.
    pub next_ms: u64,
}

/// A task that is to be told of elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HookRow {
    /// Since which change.
    pub rev: u64,
    /// Since when, in ms since 1970.
    pub since_ms: u64,
    /// What came of the tries so far; none before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<TriedRow>,
}

/// What came of the tries to tell of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TriedRow {
    /// How often it was not taken, refused or with nobody there, while others were not kept waiting.
    pub refusals: u32,
    /// Not before when it is tried again, in ms since 1970.
    pub again_ms: u64,
}
record!(BoardRow, DigestRow, HookRow, Template);

/// Employee number → the task for which a word of this person is waited for.
pub(crate) const EXPECTED: Table<String, String> =
    Table::new(2400, "task_expected", Profile::Point, "for which task is a word of this person waited for?");
/// (task, account) of those who were told once that it is not theirs, or that a tap stays.
pub(crate) const TOLD: Table<(String, String), ()> =
    Table::new(2401, "task_told", Profile::Point, "was this person told that it is not theirs?");
/// Room → its board.
pub(crate) const BOARD: Table<OwnedRoomId, BoardRow> =
    Table::new(2402, "task_board", Profile::Point, "what does the board of this room show?");
/// Zone → its digests.
pub(crate) const DIGEST: Table<String, DigestRow> =
    Table::new(2403, "task_digest", Profile::Point, "when are the digests of this zone due?");
/// A message → the number of the task that was made from it.
pub(crate) const MADE_FROM: Table<OwnedEventId, String> =
    Table::new(2405, "task_made_from", Profile::Point, "which task was made from this message?");
/// The version of the organisation whose leavers were dealt with.
pub(crate) const LEAVERS_DONE: Table<(), u64> =
    Table::new(2404, "task_leavers_done", Profile::Counter, "up to which version was it seen who left?");

/// (room, or `of/` and employee number; name) → the template of this name there.
pub(crate) const TEMPLATE: Table<(String, String), Template> =
    Table::new(2406, "task_template", Profile::Scan, "what does this template say?");

/// A task → that it is to be told of elsewhere.
pub(crate) const HOOK: Table<String, HookRow> =
    Table::new(2407, "task_hook", Profile::Queue, "which tasks are to be told of elsewhere?");

/// The key of a warning → when it was given last, in ms since 1970.
pub(crate) const HOOK_WARNED: Table<String, u64> = Table::new(
    2408,
    "task_hook_warned",
    Profile::Point,
    "when was it said that tasks are not taken elsewhere?",
);

/// The tables of tasks. The bot needs those of the kit, the cases, the organisation and the working days as well.
#[must_use]
pub fn tables() -> Vec<TableInfo> {
    vec![
        EXPECTED.info(),
        TOLD.info(),
        BOARD.info(),
        DIGEST.info(),
        MADE_FROM.info(),
        LEAVERS_DONE.info(),
        TEMPLATE.info(),
        HOOK.info(),
        HOOK_WARNED.info(),
    ]
}

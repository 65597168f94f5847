//! What can be done about a task, and by whom. Pure: a task, an action and the organisation give the task afterwards
//! or a refusal.

mod around;
mod beginning;
mod change;
mod clock;
mod dates;
mod guard;
mod hands;
mod progress;

use cases::{Case, Decision, Refusal};
use people::PersonId;
use ruma::OwnedEventId;

pub(crate) use self::{
    change::{Change, Check, checked_tags},
    clock::Alarm,
    guard::{refused, text},
};
use crate::{
    desk::{Actor, Desk, Effect, World},
    task::Task,
};

/// What somebody does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Makes it, or takes what was proposed.
    Create,
    /// Writes it down for somebody to say whether it is wanted.
    Propose,
    /// Says that what was proposed is wanted, or not.
    Answer { yes: bool },
    /// Says how far they are, in percent.
    Progress(u8),
    /// It is not wanted any more.
    Cancel { reason: Option<String> },
    /// It is not done after all.
    Reopen,
    /// Gives it to others.
    Assign { people: Vec<PersonId> },
    /// Takes what was assigned.
    Accept,
    /// Does not take it; without a reason it waits for one.
    Decline { reason: Option<String> },
    /// Wants it to be due later.
    Postpone { due_ms: u64, reason: String },
    /// Says whether it may be.
    Postponed { number: u32, yes: bool },
    /// Says when it is due, because the bot asked.
    Due { due_ms: u64 },
    /// Wants to be reminded again.
    Snooze { for_ms: u64 },
    /// Changes something else.
    Change(Change),
    /// Changes the checklist.
    Check(Check),
    /// Reads along, or not any more.
    Follow { yes: bool },
    /// Says something about it.
    Comment { text: String },
    /// A reaction was taken back.
    TakenBack,
    /// A timer is due.
    Alarm { alarm: Alarm, is_late: bool },
    /// Somebody works here no more.
    Left { person: PersonId },
    /// The room of the task is closed.
    RoomGone,
    /// An event that it rests on was redacted: the source of the record with this number, or, at 0, what it was made from.
    SourceRedacted { event: OwnedEventId, seq: u64 },
}

/// Does something about a task.
///
/// # Errors
/// Why it is refused; nothing has changed then.
pub(crate) fn decide(
    case: &Case<Task>,
    action: &Action,
    actor: &Actor,
    world: World<'_>,
) -> Result<Decision<Task, Effect>, Refusal> {
    let mut desk = Desk::new(world, actor, case);
    match action {
        Action::Create => desk.create()?,
        Action::Propose => desk.propose(),
        Action::Answer { yes } => desk.answer(*yes)?,
        Action::Progress(percent) => desk.progress(*percent)?,
        Action::Cancel { reason } => desk.cancel(reason.as_deref())?,
        Action::Reopen => desk.reopen()?,
        Action::Assign { people } => desk.assign(people)?,
        Action::Accept => desk.accept()?,
        Action::Decline { reason } => desk.decline(reason.as_deref())?,
        Action::Postpone { due_ms, reason } => desk.postpone(*due_ms, reason)?,
        Action::Postponed { number, yes } => desk.postponed(*number, *yes)?,
        Action::Due { due_ms } => desk.due(*due_ms)?,
        Action::Snooze { for_ms } => desk.snooze(*for_ms)?,
        Action::Change(change) => desk.change(change)?,
        Action::Check(check) => desk.check(check)?,
        Action::Follow { yes } => desk.follow(*yes)?,
        Action::Comment { text } => desk.comment(text)?,
        Action::TakenBack => desk.taken_back(),
        Action::Alarm { alarm, is_late } => desk.alarm(alarm, *is_late),
        Action::Left { person } => desk.left(person),
        Action::RoomGone => desk.room_gone(),
        Action::SourceRedacted { event, seq } => desk.source_redacted(event, *seq),
    }
    Ok(desk.finish())
}

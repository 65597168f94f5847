//! What can be done with a meeting: from the meeting, an action and the world to the meeting afterwards, or a refusal.
//!
//! Pure. Who is let near a meeting at all is decided before; here it is decided who may do what with it.

mod answer;
mod book;
mod change;
mod clock;
mod people;
mod room;

use calendar::{Address, Attendee, Event, Partstat, RecurrenceId};
use cases::{Case, Decision, Refusal};
use jiff::civil::DateTime;
use ruma::{OwnedRoomId, OwnedUserId};

pub use self::clock::Alarm;
pub(crate) use self::room::{call_in, open};
use crate::{
    desk::{Actor, Desk, Effect, World},
    line::Scope,
    meeting::Meeting,
};

/// What somebody does, or a timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Books a new meeting at its time.
    Book,
    /// Begins to look for a time of a new meeting, whose slots are found.
    Offer,
    /// Says which slots suit; it replaces what they said before.
    Vote(std::collections::BTreeSet<usize>),
    /// Takes a slot, counted from 0.
    Pick(usize),
    /// Answers to an invitation, or to one instance of it.
    Answer {
        /// What.
        partstat: Partstat,
        /// To which instance; to the series where it is none.
        instance: Option<RecurrenceId>,
        /// When the answer was made, as its sender says, and to which sequence; none for one that is made here and now.
        stamp: Option<(u64, u32)>,
    },
    /// Proposes another time.
    Propose {
        /// For which instance; for the series where it is none.
        instance: Option<RecurrenceId>,
        /// When it would begin.
        start: DateTime,
        /// When it would end; as long as before where it is none.
        end: Option<DateTime>,
    },
    /// The organiser answers a proposal.
    Decide {
        /// Its number.
        number: u32,
        /// Whether it is taken.
        is_taken: bool,
    },
    /// Moves it.
    Move {
        /// What of a series.
        scope: Scope,
        /// When that begins now.
        start: DateTime,
        /// How long it takes now, in minutes; as long as before where it is none.
        length_minutes: Option<u32>,
    },
    /// Cancels it.
    Cancel {
        /// What of a series.
        scope: Scope,
    },
    /// The organiser wrote it anew by a calendar program.
    Rewrite(Box<Event>),
    /// Asks more people.
    Add(Vec<Attendee>),
    /// Asks some people no more.
    Remove(Vec<Address>),
    /// The organiser lets somebody in who asked, or does not.
    Admit {
        /// Who asked.
        who: Address,
        /// Whether they may come.
        is_welcome: bool,
    },
    /// Is seen at the meeting.
    Attend,
    /// Opens the thread for minutes before the end does.
    OpenMinutes,
    /// Writes into the minutes.
    Write {
        /// Of which instance.
        id: RecurrenceId,
        /// The text, one or more lines.
        text: String,
    },
    /// The organiser has left: the meeting goes to somebody above them, or is cancelled after some days.
    HandOver(Option<OwnedUserId>),
    /// The room that is made for it is there; or never will be.
    Furnish(Option<OwnedRoomId>),
    /// A timer.
    Alarm {
        /// Which.
        alarm: Alarm,
        /// Whether it fires late.
        is_late: bool,
    },
}

/// Decides about one action.
///
/// # Errors
/// The refusal, in words.
pub fn decide(
    case: &Case<Meeting>,
    action: &Action,
    actor: &Actor,
    world: World<'_>,
) -> Result<Decision<Meeting, Effect>, Refusal> {
    let mut desk = Desk::new(world, actor, case);
    match action {
        Action::Book => desk.book()?,
        Action::Offer => desk.offer()?,
        Action::Vote(slots) => desk.vote(slots)?,
        Action::Pick(slot) => desk.pick(*slot)?,
        Action::Answer { partstat, instance, stamp } => desk.answer(*partstat, *instance, *stamp)?,
        Action::Propose { instance, start, end } => desk.propose(*instance, *start, *end)?,
        Action::Decide { number, is_taken } => desk.decide_counter(*number, *is_taken)?,
        Action::Move { scope, start, length_minutes } => desk.shift(*scope, *start, *length_minutes)?,
        Action::Cancel { scope } => desk.cancel(*scope)?,
        Action::Rewrite(event) => desk.rewrite(event)?,
        Action::Add(people) => desk.add(people)?,
        Action::Remove(people) => desk.remove(people)?,
        Action::Admit { who, is_welcome } => desk.admit(who, *is_welcome)?,
        Action::Attend => desk.attend()?,
        Action::OpenMinutes => desk.open_minutes()?,
        Action::Write { id, text } => desk.write(*id, text)?,
        Action::HandOver(to) => desk.hand_over(to.as_ref())?,
        Action::Furnish(room) => desk.furnish(room.as_ref())?,
        Action::Alarm { alarm, is_late } => desk.ring(*alarm, *is_late)?,
    }
    Ok(desk.finish())
}

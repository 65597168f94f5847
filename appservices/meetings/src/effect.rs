//! What a decision brings about.

use calendar::{Address, RecurrenceId};
use jiff::civil::DateTime;
use ruma::OwnedUserId;

use crate::meeting::Meeting;

/// What a decision brings about, besides what follows from the meeting itself: cards, calendars, bookings, invitations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Somebody is told something.
    Tell(Tell),
    /// A timer of the meeting.
    Timer {
        /// Its name in the meeting.
        name: String,
        /// When, in ms since 1970.
        at_ms: u64,
    },
    /// A timer is not needed any more.
    Cancel {
        /// Its name in the meeting.
        name: String,
    },
    /// The other time that somebody proposed by mail is not taken.
    NotTaken {
        /// Who proposed it.
        by: Address,
        /// For which instance; none for all of them.
        instance: Option<RecurrenceId>,
    },
    /// The poll of slots is opened.
    OpenPoll,
    /// It is closed, and the organiser is asked to pick.
    ClosePoll,
    /// Everybody who is expected is reminded.
    Remind {
        /// How many minutes before the start.
        minutes: u32,
        /// Whether that moment has passed long ago.
        is_late: bool,
    },
    /// The thread for minutes is opened.
    OpenMinutes(RecurrenceId),
    /// Minutes are summed up, from this line on.
    SumUp {
        /// Of which instance.
        id: RecurrenceId,
        /// The first line that was not summed up before.
        from: usize,
    },
    /// The later part of the series goes on as a meeting of its own.
    Split(Box<Meeting>),
}

/// Something that somebody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tell {
    /// Who.
    pub to: OwnedUserId,
    /// The key of the text.
    pub text: &'static str,
    /// What its gaps are filled with.
    pub values: Vec<(&'static str, Shown)>,
    /// Whether they are to do something: it notifies them.
    pub rings: bool,
    /// What an answer by ✅ or ❌ to it decides.
    pub asks: Option<Asks>,
}

/// What a message asks the organiser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Whether somebody else may come.
    Stranger(Address),
    /// Whether another time is taken.
    Counter(u32),
}

/// What fills a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// As it is.
    Plain(String),
    /// A text of the table, in the reader's language.
    Key(&'static str),
    /// From when until when, in local time of the meeting, shown in the reader's zone too.
    When(DateTime, DateTime),
}

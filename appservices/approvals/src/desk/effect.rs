//! What a decision brings about, besides the cards that follow from the case.

use people::PersonId;

/// What a decision brings about, besides the cards that follow from the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Somebody is told something.
    Tell(Tell),
    /// A timer of the case.
    Timer {
        /// Its name in the case.
        name: String,
        /// When, in ms since 1970.
        at_ms: u64,
    },
    /// A timer is not needed any more.
    Cancel {
        /// Its name in the case.
        name: String,
    },
    /// The case with this id is undone.
    Undo(String),
    /// The case with this id is not undone after all.
    UndoFailed(String),
    /// The bot of a partner is asked, as soon as it is in the room of the case.
    Ask {
        /// For which task.
        task: String,
    },
}

/// Something that somebody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tell {
    /// Who.
    pub to: PersonId,
    /// Where.
    pub under: Under,
    /// The key of the text.
    pub text: &'static str,
    /// What its gaps are filled with.
    pub values: Vec<(&'static str, Shown)>,
    /// Whether they are to do something: it notifies them.
    pub push: bool,
}

/// What fills a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// As it is.
    Plain(String),
    /// A text of the table, in the reader's language.
    Key(&'static str),
}

/// Under which message somebody is told something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Under {
    /// In the thread of their card of this task.
    Task(String),
    /// In the thread of the starter's card.
    Starter,
    /// Where the case was started.
    Home,
}

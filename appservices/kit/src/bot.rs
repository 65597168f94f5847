//! What a bot is to the kit, and what it hears.
//!
//! A bot never talks to the homeserver: it fills a batch with rows of its own, letters and timers, and the kit commits
//! that batch together with the end of what was heard. So a crash repeats nothing and loses nothing.

use async_trait::async_trait;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use serde_json::Value;
use store::{Batch, StoreError};

use crate::{FileSource, texts::Lang};

/// A bot of ours. Events and timers of one bot come one after the other.
#[async_trait]
pub trait Bot: Send + Sync {
    /// The part of its user id before the colon, for ever: lower-case letters, digits and `._=-/+`.
    fn localpart(&self) -> &'static str;

    /// The name that people see.
    fn display_name(&self, lang: Lang) -> &'static str;

    /// The commands it takes, in the order in which `!help` lists them.
    fn verbs(&self) -> &'static [Verb];

    /// The commands that `!help` lists for whoever asks, where they ask: what they may not do, or not there, is left out.
    ///
    /// # Errors
    /// [`BotError::Later`] has it asked again after a pause.
    async fn verbs_for(&self, _heard: &Heard) -> Result<Vec<Verb>, BotError> {
        Ok(self.verbs().to_vec())
    }

    /// Something happened in a room that the bot is in. The kit commits what is put into `batch`, and calls again with
    /// a new batch when a condition in it does not hold, so everything is to be read inside.
    ///
    /// # Errors
    /// [`BotError::Later`] has it called again after a pause, [`BotError::Broken`] gives up on this event.
    async fn heard(&self, heard: &Heard, batch: &mut Batch) -> Result<(), BotError>;

    /// A timer fired. As [`Bot::heard`].
    ///
    /// # Errors
    /// As for [`Bot::heard`].
    async fn timer(&self, fired: &Fired, batch: &mut Batch) -> Result<(), BotError>;

    /// Once at each start, before anything is heard. As [`Bot::heard`].
    ///
    /// # Errors
    /// As for [`Bot::heard`].
    async fn started(&self, _batch: &mut Batch) -> Result<(), BotError> {
        Ok(())
    }

    /// Whether a command may hold a secret, like a password. The kit takes an edit that makes such a command of a message away;
    /// what is typed the bot takes away itself, by [`crate::Kit::take_away`]. `verb` is a [`Verb::id`] of this bot.
    fn holds_secret(&self, _verb: &str, _arguments: &str) -> bool {
        false
    }

    /// A letter was refused for good; `reason` is for logs. As [`Bot::heard`].
    ///
    /// # Errors
    /// As for [`Bot::heard`].
    async fn undeliverable(&self, _key: &str, _reason: &str, _batch: &mut Batch) -> Result<(), BotError> {
        Ok(())
    }
}

/// A command: all its names, in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verb {
    /// What the bot knows it by.
    pub id: &'static str,
    /// What people type behind the exclamation mark, lower case. The first Chinese and the first English one are shown
    /// by `!help`.
    pub names: &'static [&'static str],
    /// The key of its one line of help.
    pub help: &'static str,
}

/// Why a bot did not do its part.
#[derive(Debug, thiserror::Error)]
pub enum BotError {
    /// The store refuses; tried again unless the rows are unreadable.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something is not there yet; tried again after a pause.
    #[error("{0}")]
    Later(String),
    /// It will never work: told of in the log and left.
    #[error("{0}")]
    Broken(String),
}

/// Something that happened in a room, from a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// The room.
    pub room: OwnedRoomId,
    /// Whether the room is a direct chat of the bot and one person.
    pub is_direct: bool,
    /// Who did it.
    pub sender: OwnedUserId,
    /// The event.
    pub event_id: OwnedEventId,
    /// When the transaction with it arrived, in milliseconds since 1970. The event's own time is its sender's word.
    pub received_ms: u64,
    /// The root of the thread it is in.
    pub thread: Option<OwnedEventId>,
    /// The key of our letter that it answers, reacts to, or whose thread it is in.
    pub on: Option<String>,
    /// The event that it reacts to or answers, whosever that is.
    pub about: Option<OwnedEventId>,
    /// Whom it mentions, as its sender's client says; at most [`crate::limits::MENTIONS_MAX`].
    pub mentions: Vec<OwnedUserId>,
    /// What it is.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A command of this bot.
    Command {
        /// [`Verb::id`].
        verb: &'static str,
        /// The language of the name that was typed.
        lang: Lang,
        /// What stands behind the name, trimmed.
        arguments: String,
    },
    /// A message that is no command, without the quotation of what it answers.
    Text(String),
    /// A file, an image, a video or a voice message.
    File {
        /// Its name, as the sender says.
        name: String,
        /// Where it is, and what unlocks it; [`crate::Kit::fetch`] has its bytes.
        source: FileSource,
        /// Its size in bytes, as the sender says.
        bytes: Option<u64>,
        /// Its type, as the sender says.
        mimetype: Option<String>,
    },
    /// A message that is no command was edited.
    Edited {
        /// Which.
        original: OwnedEventId,
        /// What it says now.
        text: String,
    },
    /// A reaction, its key normalised.
    Reaction(String),
    /// A reaction to a letter of ours was redacted.
    ReactionTakenBack {
        /// The reaction.
        event: OwnedEventId,
        /// Its key, normalised.
        reaction: String,
    },
    /// Anything else was redacted, as the sender says: who relies on it looks at the event ([`crate::Kit::is_redacted`]).
    Redacted {
        /// What was.
        event: OwnedEventId,
    },
    /// Somebody votes in a poll of ours (MSC3381), which [`Heard::on`] names. It replaces what they chose before.
    PollAnswered {
        /// The ids of what they chose, at most [`crate::limits::POLL_ANSWERS_MAX`]; none takes the vote back.
        answers: Vec<String>,
    },
    /// The room was replaced by another one. The bot goes there by itself, and what it has for the room goes there too.
    Upgraded {
        /// The room in its place.
        replacement: OwnedRoomId,
    },
    /// The sender is in the call of the room (MSC3401, MSC4143).
    InCall,
    /// The bot is in a room now. The sender of the event is the bot.
    Joined {
        /// Who asked it in; none where it made the room itself.
        inviter: Option<OwnedUserId>,
    },
    /// Somebody else's membership changed.
    Member {
        /// Whose.
        user: OwnedUserId,
        /// `join`, `leave`, `invite`, `ban` or `knock`.
        membership: String,
    },
    /// An event of another kind of ours (its type begins with [`crate::PREFIX`]). Never trust it without its sender.
    Ours {
        /// The type of the event.
        kind: String,
        /// The state key, if it is state.
        state_key: Option<String>,
        /// The content.
        content: Value,
    },
}

/// A timer that is due.
#[derive(Clone, Debug, PartialEq)]
pub struct Fired {
    /// Its key.
    pub key: String,
    /// What was kept with it.
    pub payload: Value,
    /// When it should have fired, in milliseconds since 1970.
    pub at_ms: u64,
    /// Whether it fires more than [`crate::limits::TIMER_LATE_MS`] after that, because the bots were down.
    pub is_late: bool,
}

//! Why a call failed, and what that is to the core.

use std::time::Duration;

use bridge_api::{Failure, FailureKind, Refusal, limits::PAUSE_MAX};

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (code {}, trace {})", code.map_or("-".to_owned(), |code| code.to_string()), trace.as_deref().unwrap_or("-"))]
pub struct CallError {
    /// What can be done about it.
    pub meaning: Meaning,
    /// The platform's code.
    pub code: Option<i64>,
    /// What the platform's support finds the request by (`hint`).
    pub trace: Option<String>,
    /// The platform's words, or ours; nothing secret.
    pub message: String,
}

/// What can be done about a failed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The token does not count any more: fetch another one, once.
    TokenStale,
    /// The operator has to mend the configuration.
    SetUp,
    /// Too many calls: none of this kind for a while.
    Limited {
        /// For how long.
        after: Duration,
        /// Whether it is the app's limit, not one conversation's.
        app: bool,
    },
    /// The platform was too busy and did nothing.
    Busy,
    /// The platform was not reached: nothing was done.
    Unreachable,
    /// Nobody knows whether it was done.
    Unknown,
    /// It will never be done.
    Refused(Refusal),
}

impl CallError {
    /// An error of our own side.
    pub fn ours(meaning: Meaning, message: impl Into<String>) -> Self {
        Self { meaning, code: None, trace: None, message: message.into() }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let words = error.message;
        let kind = match error.meaning {
            Meaning::TokenStale | Meaning::SetUp => FailureKind::NotSignedIn(words),
            Meaning::Limited { after, app } => FailureKind::Limited { after: after.min(PAUSE_MAX), app },
            Meaning::Busy | Meaning::Unreachable => FailureKind::Later(words),
            Meaning::Unknown => FailureKind::Garbled(words),
            Meaning::Refused(refusal) => FailureKind::Refused(refusal),
        };
        Self { kind, code: error.code.map(|code| code.to_string()), trace: error.trace }
    }
}

//! Why a call of a platform's API failed, where the platform says it by a code, and what that is to the core.

use std::time::Duration;

use crate::{Failure, FailureKind, Refusal, ShelfRefused, Words, limits::PAUSE_MAX};

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (code {}, trace {})", code.as_deref().unwrap_or("-"), trace.as_deref().unwrap_or("-"))]
pub struct CallError {
    /// What can be done about it.
    pub meaning: Meaning,
    /// The platform's code.
    pub code: Option<String>,
    /// What the platform's support finds the request by.
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
    /// What the platform allows in a month is used up.
    QuotaUsedUp,
    /// The platform was too busy and did nothing.
    Busy,
    /// The platform was not reached: nothing was done.
    Unreachable,
    /// Nobody knows whether it was done.
    Unknown,
    /// Nothing may be said there before somebody there spoke to us, in words for people.
    Silenced(Words),
    /// It will never be done.
    Refused(Refusal),
}

impl CallError {
    /// An error of our own side.
    pub fn ours(meaning: Meaning, message: impl Into<String>) -> Self {
        Self { meaning, code: None, trace: None, message: message.into() }
    }

    /// The same of a call that changes nothing: what nobody knows the end of may be asked again.
    #[must_use]
    pub fn of_reading(self) -> Self {
        match self.meaning {
            Meaning::Unknown => Self { meaning: Meaning::Busy, ..self },
            _ => self,
        }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let words = error.message;
        let kind = match error.meaning {
            Meaning::TokenStale | Meaning::SetUp => FailureKind::NotSignedIn(words),
            Meaning::Limited { after, app } => FailureKind::Limited { after: after.min(PAUSE_MAX), app },
            Meaning::QuotaUsedUp => FailureKind::Refused(Refusal::QuotaUsedUp),
            Meaning::Busy | Meaning::Unreachable => FailureKind::Later(words),
            Meaning::Unknown => FailureKind::Garbled(words),
            Meaning::Silenced(words) => FailureKind::Silenced(words),
            Meaning::Refused(refusal) => FailureKind::Refused(refusal),
        };
        Self { kind, code: error.code, trace: error.trace }
    }
}

impl From<ShelfRefused> for CallError {
    fn from(error: ShelfRefused) -> Self {
        Self::ours(Meaning::Busy, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meanings_become_what_the_core_acts_on() {
        let after = Duration::from_secs(10_000);
        let table = [
            (Meaning::SetUp, FailureKind::NotSignedIn("no".into())),
            (Meaning::TokenStale, FailureKind::NotSignedIn("no".into())),
            (Meaning::Limited { after, app: true }, FailureKind::Limited { after: PAUSE_MAX, app: true }),
            (Meaning::QuotaUsedUp, FailureKind::Refused(Refusal::QuotaUsedUp)),
            (Meaning::Unreachable, FailureKind::Later("no".into())),
            (Meaning::Unknown, FailureKind::Garbled("no".into())),
            (Meaning::Refused(Refusal::Gone), FailureKind::Refused(Refusal::Gone)),
        ];
        for (meaning, kind) in table {
            let error = CallError { code: Some("7".into()), ..CallError::ours(meaning, "no") };
            assert_eq!(error.to_string(), "no (code 7, trace -)");
            assert_eq!(Failure::from(error), Failure::new(kind).with_code(7));
        }
        assert_eq!(CallError::ours(Meaning::Unknown, "").of_reading().meaning, Meaning::Busy);
        assert_eq!(CallError::ours(Meaning::SetUp, "").of_reading().meaning, Meaning::SetUp);
    }
}

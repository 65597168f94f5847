//! Why a call did not do what was asked.

use std::time::Duration;

use super::codes::{self, Meaning};

/// A call that failed, with all that an operator or the platform's support asks for.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// The platform answered with a code.
    #[error("the platform answered with code {code} ({message}), log id {}", shown(.trace.as_deref()))]
    Answered {
        /// The code; see [`codes::meaning`].
        code: i64,
        /// The platform's words for people.
        message: String,
        /// The id of the call in the platform's logs.
        trace: Option<String>,
        /// How long the platform wants us to stay away.
        wait: Option<Duration>,
    },
    /// Something else than the platform answered: a status without an envelope, a body that is no JSON.
    #[error("the platform answered with status {status}: {reason}, log id {}", shown(.trace.as_deref()))]
    Unexpected {
        /// The HTTP status.
        status: u16,
        /// What was wrong with the answer.
        reason: String,
        /// The id of the call in the platform's logs.
        trace: Option<String>,
    },
    /// Nobody answered, or not in time. Whether the call was carried out is not known.
    #[error("the platform cannot be reached: {0}")]
    Unreachable(String),
    /// The turn of the call would come too late.
    #[error("too many calls wait; come again in {} ms", .0.as_millis())]
    NoTurn(Duration),
}

fn shown(trace: Option<&str>) -> &str {
    trace.unwrap_or("unknown")
}

impl CallError {
    /// What can be done about it.
    pub fn meaning(&self) -> Meaning {
        match self {
            Self::Answered { code, .. } => codes::meaning(*code),
            Self::Unexpected { status: 413, .. } => Meaning::TooLarge,
            // A gateway in between speaks no envelope; a page of a wrong address will not speak one later either.
            Self::Unexpected { status, .. } if *status == 429 => Meaning::AppLimited,
            Self::Unexpected { status, .. } if (400..500).contains(status) => Meaning::Refused,
            Self::Unexpected { .. } | Self::Unreachable(_) => Meaning::Later,
            Self::NoTurn(_) => Meaning::AppLimited,
        }
    }

    /// The platform's code, when it gave one.
    pub fn code(&self) -> Option<i64> {
        match self {
            Self::Answered { code, .. } => Some(*code),
            Self::Unexpected { .. } | Self::Unreachable(_) | Self::NoTurn(_) => None,
        }
    }

    /// Whether the platform gave one of these codes.
    pub fn is_one_of(&self, codes: &[i64]) -> bool {
        self.code().is_some_and(|code| codes.contains(&code))
    }
}

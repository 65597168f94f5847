//! Why a calendar elsewhere cannot be asked, as its owner has to know it.

use outbound::OutboundError;
use serde::{Deserialize, Serialize};

use crate::CalendarError;

/// Why a calendar elsewhere cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceFault {
    /// Its address is none that can be asked.
    Address,
    /// A password would travel without TLS.
    Plain,
    /// The address leads to where nobody is asked, like a network inside.
    Blocked,
    /// Nobody answers there, or not in time, or the server has trouble of its own.
    Unreachable,
    /// The user or the password is not accepted, or one is wanted.
    Login,
    /// There is no calendar, or one that cannot be read.
    NotACalendar,
    /// It is larger than is read.
    TooLarge,
}

impl SourceFault {
    /// The word for metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Plain => "plain",
            Self::Blocked => "blocked",
            Self::Unreachable => "unreachable",
            Self::Login => "login",
            Self::NotACalendar => "not_a_calendar",
            Self::TooLarge => "too_large",
        }
    }

    /// The error of it, with what logs say.
    pub(super) fn because(self, reason: impl Into<String>) -> CalendarError {
        CalendarError::Elsewhere { fault: self, reason: reason.into() }
    }

    /// Why the outside could not be asked.
    pub(super) fn outside(error: &OutboundError) -> CalendarError {
        let fault = match error {
            OutboundError::InvalidUrl(_) => Self::Address,
            OutboundError::Blocked(_) => Self::Blocked,
            OutboundError::TooLarge { .. } => Self::TooLarge,
            _ => Self::Unreachable,
        };
        fault.because(error.to_string())
    }
}

impl CalendarError {
    /// What its owner has to know of a calendar elsewhere that cannot be asked.
    #[must_use]
    pub fn fault(&self) -> SourceFault {
        match self {
            Self::Elsewhere { fault, .. } => *fault,
            Self::TooLarge(_) => SourceFault::TooLarge,
            Self::Recurrence(_) | Self::Zone(_) | Self::Unreadable(_) => SourceFault::NotACalendar,
            Self::Store(_) | Self::Conflict | Self::Source(_) => SourceFault::Unreachable,
        }
    }
}

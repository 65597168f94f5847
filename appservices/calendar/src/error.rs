//! What can go wrong, for those who can act on it.

use store::StoreError;

use crate::SourceFault;

/// Why a calendar could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A series that is too long, has no end, or repeats in a way that we do not support (E301).
    #[error("recurrence too long or unsupported (at most 2 years or 730 times): {0}")]
    Recurrence(String),
    /// A time zone that nobody knows.
    #[error("unknown time zone {0:?}; use a name of the IANA database or of Windows")]
    Zone(String),
    /// The file is no calendar, or what it says cannot be.
    #[error("{0}")]
    Unreadable(String),
    /// A bound was passed; the text names it.
    #[error("too large: {0}")]
    TooLarge(&'static str),
    /// A condition in the batch does not hold any more; read and try again.
    #[error("somebody else changed it at the same moment")]
    Conflict,
    /// Another server could not be asked; the text is for logs.
    #[error("{0}")]
    Source(String),
    /// A calendar elsewhere could not be asked.
    #[error("{reason}")]
    Elsewhere {
        /// Why, for its owner.
        fault: SourceFault,
        /// Why, for logs.
        reason: String,
    },
}

/// Does something with what strangers wrote by a library that may give up on it: its panic ends there.
pub(crate) fn fenced<T>(work: impl FnOnce() -> T) -> Result<T, CalendarError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .map_err(|_| CalendarError::Unreadable("the calendar cannot be read".to_owned()))
}

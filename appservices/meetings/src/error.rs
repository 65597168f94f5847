//! What can go wrong, for those who can act on it.

use store::StoreError;

/// Why a meeting could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum MeetingsError {
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The case engine's own.
    #[error(transparent)]
    Cases(#[from] cases::CasesError),
    /// The calendars' own.
    #[error(transparent)]
    Calendar(#[from] calendar::CalendarError),
    /// What is asked of another part is to be asked again later.
    #[error("{0}")]
    Later(String),
    /// What another part gives up on.
    #[error("{0}")]
    Broken(String),
}

impl From<kit::BotError> for MeetingsError {
    fn from(error: kit::BotError) -> Self {
        match error {
            kit::BotError::Store(error) => Self::Store(error),
            kit::BotError::Later(reason) => Self::Later(reason),
            kit::BotError::Broken(reason) => Self::Broken(reason),
        }
    }
}

impl From<kit::CallError> for MeetingsError {
    fn from(error: kit::CallError) -> Self {
        match error {
            kit::CallError::Refused { .. } => Self::Broken(error.to_string()),
            kit::CallError::Limited(_) | kit::CallError::Unreachable(_) => Self::Later(error.to_string()),
        }
    }
}

impl From<MeetingsError> for kit::BotError {
    fn from(error: MeetingsError) -> Self {
        use calendar::CalendarError;
        match error {
            MeetingsError::Store(error)
            | MeetingsError::Cases(cases::CasesError::Store(error))
            | MeetingsError::Calendar(CalendarError::Store(error)) => Self::Store(error),
            MeetingsError::Later(reason) | MeetingsError::Calendar(CalendarError::Source(reason)) => {
                Self::Later(reason)
            }
            MeetingsError::Calendar(error @ CalendarError::Conflict) => Self::Later(error.to_string()),
            MeetingsError::Broken(reason) => Self::Broken(reason),
            MeetingsError::Cases(error) => Self::Broken(error.to_string()),
            MeetingsError::Calendar(error) => Self::Broken(error.to_string()),
        }
    }
}

//! What can go wrong, for those who can act on it.

use store::StoreError;

/// Why a bot could not read or write a case.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The case engine's own.
    #[error(transparent)]
    Cases(#[from] cases::CasesError),
    /// The organisation's own.
    #[error(transparent)]
    People(#[from] people::PeopleError),
    /// The working days' own.
    #[error(transparent)]
    Workdays(#[from] workdays::WorkdaysError),
    /// The homeserver cannot be asked now.
    #[error("{0}")]
    Later(String),
    /// What somebody wrote, or what is kept, cannot be used; what is wrong with it.
    #[error("{0}")]
    Unusable(String),
}

impl From<OfficeError> for kit::BotError {
    fn from(error: OfficeError) -> Self {
        match error {
            OfficeError::Store(error)
            | OfficeError::Cases(cases::CasesError::Store(error))
            | OfficeError::People(people::PeopleError::Store(error))
            | OfficeError::Workdays(workdays::WorkdaysError::Store(error)) => Self::Store(error),
            OfficeError::Later(reason) => Self::Later(reason),
            OfficeError::Cases(error) => Self::Broken(error.to_string()),
            OfficeError::People(error) => Self::Broken(error.to_string()),
            OfficeError::Workdays(error) => Self::Broken(error.to_string()),
            OfficeError::Unusable(reason) => Self::Broken(reason),
        }
    }
}

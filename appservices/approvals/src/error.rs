//! What can go wrong, for those who can act on it.

use store::StoreError;

/// Why an approval could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalsError {
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The case engine's own.
    #[error(transparent)]
    Cases(#[from] cases::CasesError),
    /// The organisation's own.
    #[error(transparent)]
    People(#[from] people::PeopleError),
    /// The working days cannot be read.
    #[error(transparent)]
    Workdays(#[from] workdays::WorkdaysError),
    /// The homeserver cannot be asked now.
    #[error("{0}")]
    Later(String),
    /// A template is not published (E120); what is wrong with it, line by line.
    #[error("template not published: {0}")]
    Template(String),
}

impl From<ApprovalsError> for kit::BotError {
    fn from(error: ApprovalsError) -> Self {
        match error {
            ApprovalsError::Store(error)
            | ApprovalsError::Cases(cases::CasesError::Store(error))
            | ApprovalsError::People(people::PeopleError::Store(error)) => Self::Store(error),
            ApprovalsError::Workdays(error) => Self::Broken(error.to_string()),
            ApprovalsError::Later(reason) => Self::Later(reason),
            ApprovalsError::Cases(error) => Self::Broken(error.to_string()),
            ApprovalsError::People(error) => Self::Broken(error.to_string()),
            ApprovalsError::Template(error) => Self::Broken(error),
        }
    }
}

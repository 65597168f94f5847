//! What can go wrong, for those who can act on it.

use store::StoreError;

/// Why a task could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TasksError {
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
    /// The homeserver does not answer, or not yet.
    #[error("{0}")]
    Homeserver(String),
}

impl From<TasksError> for kit::BotError {
    fn from(error: TasksError) -> Self {
        match error {
            TasksError::Store(error)
            | TasksError::Cases(cases::CasesError::Store(error))
            | TasksError::People(people::PeopleError::Store(error))
            | TasksError::Workdays(workdays::WorkdaysError::Store(error)) => Self::Store(error),
            TasksError::Cases(error) => Self::Broken(error.to_string()),
            TasksError::People(error) => Self::Broken(error.to_string()),
            TasksError::Workdays(error) => Self::Broken(error.to_string()),
            TasksError::Homeserver(error) => Self::Later(error),
        }
    }
}

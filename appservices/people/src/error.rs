//! What can go wrong, for those who can act on it.

use store::StoreError;

/// Why people could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file is no staff list. The text says what to do.
    #[error("{0}")]
    List(String),
    /// There is no such dry run, or it is older than a day.
    #[error("there is no dry run {0}, or it is older than a day; run the import again")]
    NoDryRun(String),
    /// The organisation changed after the dry run.
    #[error("the organisation changed after the dry run; run the import again")]
    Outdated,
    /// A full list that concerns so many people, or heads, needs another administrator (E403).
    #[error("would affect {people} people ({percent} %); a second administrator must confirm")]
    SecondPerson {
        /// People who would be marked as having left.
        people: usize,
        /// Of all people here.
        percent: usize,
    },
}

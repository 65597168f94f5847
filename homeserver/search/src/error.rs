//! What can go wrong in a search, named by what the caller can do about it.

use rooms::RoomsError;
use store::StoreError;

/// Everything that a call of this crate can refuse. Mapped to Matrix error codes in `http` alone.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Rooms could not answer.
    #[error(transparent)]
    Rooms(#[from] RoomsError),
    /// A parameter has the right form and a value that cannot be used; the text says which.
    #[error("{0}")]
    InvalidParam(&'static str),
    /// The index did not reach the moment of the question in time: the machine is busy, or the index is being made.
    /// The same question is answered later.
    #[error("the search index is behind")]
    Behind,
    /// The index cannot be read or written. A person has to look.
    #[error("search index: {0}")]
    Index(String),
}

impl From<tantivy::TantivyError> for SearchError {
    fn from(error: tantivy::TantivyError) -> Self {
        Self::Index(error.to_string())
    }
}

impl From<std::io::Error> for SearchError {
    fn from(error: std::io::Error) -> Self {
        Self::Index(error.to_string())
    }
}

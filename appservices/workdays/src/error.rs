//! What can go wrong, for those who can act on it.

use store::StoreError;

/// Why a calendar could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WorkdaysError {
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file is no calendar. The text says what to do; nothing was changed.
    #[error("{0}")]
    File(String),
}

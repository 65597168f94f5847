//! Matrix codes of a store that could not do what was asked.

use store::StoreError;

use super::MatrixError;

/// After so long a client may try again when the store is busy.
const RETRY_AFTER_SECONDS: u64 = 1;

impl From<StoreError> for MatrixError {
    fn from(error: StoreError) -> Self {
        match error {
            // Domains repeat what lost a race; one that reaches the client lost too often in a row.
            StoreError::Conflict | StoreError::Busy => {
                Self::unavailable("The server is busy", RETRY_AFTER_SECONDS)
            }
            StoreError::Full => Self::unavailable("The server's disk is full", 60),
            StoreError::TooLarge { .. } => Self::too_large("That is more than the server can store at once"),
            StoreError::ReadOnly(_) | StoreError::Corrupt { .. } | StoreError::Closed | StoreError::Io(_) => {
                Self::internal("use the store", error)
            }
        }
    }
}

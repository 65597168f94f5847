//! What this crate refuses or cannot do.

use store::StoreError;
use thiserror::Error;

use crate::ClientError;

/// What a caller can act on.
#[derive(Debug, Error)]
pub enum FederationError {
    /// Another server was to be asked, and it did not work out.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// What was asked for does not exist there.
    #[error("{0}")]
    NotFound(&'static str),
    /// A value cannot be used.
    #[error("{0}")]
    Invalid(String),
    /// The store answers with an error.
    #[error(transparent)]
    Store(#[from] StoreError),
}

//! What a caller of `/sync` can act on.

use rooms::RoomsError;
use store::StoreError;
use thiserror::Error;

use crate::token::TokenError;

/// Why a sync was refused or failed.
#[derive(Debug, Error)]
pub enum SyncError {
    /// `since` is no token of this server.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// There is no stored filter of this id.
    #[error("there is no such filter")]
    UnknownFilter,
    /// Rooms could not be read.
    #[error(transparent)]
    Rooms(#[from] RoomsError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The connection is gone, or was never this device's: the client starts over (MSC4186).
    #[error("the position is not known")]
    UnknownPosition,
    /// A newer request of the same connection took over.
    #[error("a newer request of the same connection took over")]
    Overtaken,
    /// The request asks for what may not be asked; the text says what.
    #[error("{0}")]
    Request(String),
    /// The computation of a shared answer failed; the cause was logged where it happened.
    #[error("the answer could not be put together: {0}")]
    Failed(String),
}

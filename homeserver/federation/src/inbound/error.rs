//! What receiving can refuse.

use keys::KeysError;
use rooms::RoomsError;
use store::StoreError;
use thiserror::Error;

/// What a caller can act on.
#[derive(Debug, Error)]
pub enum InboundError {
    /// The transaction holds more than it may, or its id is too long.
    #[error("{0}")]
    TooLarge(&'static str),
    /// Too many events of this server wait already.
    #[error("too many of your events wait to be worked off")]
    Busy {
        /// When to come back, in milliseconds.
        retry_after_ms: u64,
    },
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A room could not be read or written.
    #[error(transparent)]
    Rooms(#[from] RoomsError),
    /// A message to a device could not be queued.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

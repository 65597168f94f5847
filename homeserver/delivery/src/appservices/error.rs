//! What can go wrong with application services beyond their own answers.

use appservice::AppserviceError;
use rooms::RoomsError;
use store::StoreError;

/// Why something about application services could not be done.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// A name lies in the namespace of an application service, or outside the one of the service that asks.
    #[error("{0}")]
    Exclusive(&'static str),
    /// As many rooms are listed for this network as may be.
    #[error("too many rooms are listed for this network")]
    TooManyListed,
    /// The name of the network is empty or too long.
    #[error("the network id must have 1 to 255 bytes")]
    InvalidNetwork,
    /// The service itself.
    #[error(transparent)]
    Service(#[from] AppserviceError),
    /// The rooms could not be read.
    #[error(transparent)]
    Rooms(#[from] RoomsError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

//! What can go wrong with pushers.

use rooms::RoomsError;
use store::StoreError;

/// Why a pusher could not be set, or notifications not be read.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// A field is missing that this kind of pusher needs.
    #[error("Missing parameter: {0}")]
    Missing(&'static str),
    /// A field has a value that is not allowed; the text says what would be.
    #[error("{0}")]
    Invalid(&'static str),
    /// The e-mail address is not one that the user has proved to be theirs.
    #[error("the e-mail address does not belong to this account")]
    NotYourAddress,
    /// This server sends no e-mail.
    #[error("this server does not send e-mail")]
    NoMail,
    /// The user has as many pushers as allowed.
    #[error("too many pushers; remove one first")]
    TooMany,
    /// The row changed under every try.
    #[error("too many changes at once; try again")]
    Contended,
    /// The rooms could not be read.
    #[error(transparent)]
    Rooms(#[from] RoomsError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

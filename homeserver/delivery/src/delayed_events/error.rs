//! What a caller can act on. The Matrix codes are chosen in `http`.

use rooms::RoomsError;
use store::StoreError;

/// Why a delayed event was not made or not changed.
#[derive(Debug, thiserror::Error)]
pub enum DelayedEventError {
    /// The delay is longer than the server allows.
    #[error("the delay is longer than {delay_ms_max} ms")]
    DelayTooLong {
        /// The longest delay, in ms.
        delay_ms_max: u64,
    },
    /// The user has as many scheduled events as allowed.
    #[error("you have too many delayed events")]
    TooMany {
        /// Until the first of them is sent, in ms.
        retry_after_ms: u64,
    },
    /// No such delayed event, or none of this user.
    #[error("there is no such delayed event")]
    NotFound,
    /// It was sent, or could not be; it cannot be cancelled any more.
    #[error("the delayed event was sent already")]
    AlreadySent,
    /// It was cancelled; it cannot be sent any more.
    #[error("the delayed event was cancelled already")]
    AlreadyCancelled,
    /// A part of it is longer than an event's may be; the part is named.
    #[error("{0} is too long")]
    TooLarge(&'static str),
    /// The server cannot send just now; it will try again.
    #[error("the event could not be sent just now")]
    Busy,
    /// The room refused.
    #[error(transparent)]
    Rooms(#[from] RoomsError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

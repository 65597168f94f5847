//! Why a flow stopped.

use accounts::AccountError;
use administration::AdministrationError;
use delivery::push::PushError;
use federation::{FederationError, handshake::HandshakeError};
use keys::KeysError;
use rooms::RoomsError;
use store::StoreError;

/// Why a flow stopped; whose refusal it was decides the Matrix code.
#[derive(Debug, thiserror::Error)]
pub enum FlowsError {
    /// The accounts refused or failed.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The keys refused or failed.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The pushers could not be changed.
    #[error(transparent)]
    Push(#[from] PushError),
    /// The administration refused or failed.
    #[error(transparent)]
    Administration(#[from] AdministrationError),
    /// This server sends no e-mail.
    #[error("this server does not send e-mail")]
    NoMail,
    /// The mail server did not take a letter.
    #[error("the letter could not be sent; try again in some minutes")]
    LetterNotTaken,
    /// Server notices are switched off.
    #[error("server notices are not enabled on this server; set server_notices.localpart")]
    NoticesDisabled,
    /// An invite to the room of server notices cannot be rejected.
    #[error("you cannot reject this invite; join the room to leave it")]
    CannotLeaveServerNoticeRoom,
    /// A background task cannot go on.
    #[error("{0}")]
    Task(String),
    /// The rooms refused or failed.
    #[error(transparent)]
    Rooms(#[from] RoomsError),
    /// Another server could not be asked.
    #[error(transparent)]
    Federation(#[from] FederationError),
    /// Another server refused, or could not be asked.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
}

impl From<StoreError> for FlowsError {
    fn from(error: StoreError) -> Self {
        Self::Account(error.into())
    }
}

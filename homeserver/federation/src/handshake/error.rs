//! Why a handshake did not come about.

use rooms::RoomsError;
use ruma::RoomVersionId;
use store::StoreError;
use thiserror::Error;

use crate::ClientError;

/// What a caller can act on.
#[derive(Debug, Error)]
pub enum HandshakeError {
    /// Our own rooms refuse, or cannot answer.
    #[error(transparent)]
    Rooms(#[from] RoomsError),
    /// The store cannot answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody was named who could be asked.
    #[error("no server is known that could be asked about this room; name one")]
    NobodyToAsk,
    /// A server refused, for a reason that is the client's business.
    #[error("{message}")]
    Refused {
        /// Its HTTP status, 400 to 499.
        status: u16,
        /// Its error code.
        errcode: String,
        /// Its words.
        message: String,
    },
    /// No server gave an answer that could be used; the text is the last reason.
    #[error("no server could help: {0}")]
    Failed(String),
    /// The room has a version that the asking server does not speak.
    #[error("the room has version {0}, which your server does not support")]
    IncompatibleVersion(RoomVersionId),
    /// The room has a version that this server does not speak.
    #[error("the room has version {0}, which this server does not support")]
    UnknownVersion(String),
    /// A peer's request that contradicts itself.
    #[error("{0}")]
    BadRequest(String),
    /// A peer's event whose signatures are wrong, or a peer that may not do this.
    #[error("{0}")]
    Forbidden(String),
}

impl HandshakeError {
    /// How much the reason tells: the client hears of the most telling one.
    pub(super) fn weight(&self) -> u8 {
        match self {
            Self::Refused { errcode, .. } if errcode == "M_FORBIDDEN" => 5,
            Self::Refused { errcode, .. } if errcode.starts_with("M_UNABLE_TO_") => 4,
            Self::Refused { errcode, .. } if errcode == "M_NOT_FOUND" => 2,
            Self::Refused { .. } => 3,
            Self::Rooms(_)
            | Self::Store(_)
            | Self::NobodyToAsk
            | Self::Failed(_)
            | Self::IncompatibleVersion(_)
            | Self::UnknownVersion(_)
            | Self::BadRequest(_)
            | Self::Forbidden(_) => 1,
        }
    }

    /// Whether another server may say something else.
    pub(super) fn may_differ_elsewhere(&self) -> bool {
        match self {
            Self::Refused { errcode, .. } => {
                errcode.starts_with("M_UNABLE_TO_") || errcode == "M_NOT_FOUND" || errcode == "M_UNRECOGNIZED"
            }
            Self::Failed(_) => true,
            // What a peer says of a room is the peer's fault, the rest is ours.
            Self::Rooms(error) => matches!(error, RoomsError::PeerNotBelieved(_)),
            Self::Store(_)
            | Self::NobodyToAsk
            | Self::IncompatibleVersion(_)
            | Self::UnknownVersion(_)
            | Self::BadRequest(_)
            | Self::Forbidden(_) => false,
        }
    }
}

impl From<ClientError> for HandshakeError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Answered { status, errcode, error, .. }
                if (400..500).contains(&status) && status != 401 && status != 429 =>
            {
                Self::Refused { status, errcode, message: error }
            }
            ClientError::NotAllowed(server) => Self::Refused {
                status: 403,
                errcode: "M_FORBIDDEN".to_owned(),
                message: format!("this server does not talk with {server}"),
            },
            ClientError::Answered { .. }
            | ClientError::BackingOff { .. }
            | ClientError::Unreachable(_)
            | ClientError::Timeout
            | ClientError::NoEndpoint(_)
            | ClientError::BadAnswer(_)
            | ClientError::Request(_) => Self::Failed(error.to_string()),
        }
    }
}

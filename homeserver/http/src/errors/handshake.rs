//! Matrix codes of joins, leaves, knocks and invites that do not come about.

use federation::handshake::HandshakeError;
use http::StatusCode;
use ruma::api::error::ErrorCode;

use super::MatrixError;

impl From<HandshakeError> for MatrixError {
    fn from(error: HandshakeError) -> Self {
        let message = error.to_string();
        match error {
            HandshakeError::Rooms(rooms::RoomsError::PeerNotBelieved(reason)) => {
                tracing::info!(reason, "a server describes a room that is not to be believed");
                Self::new(
                    StatusCode::BAD_GATEWAY,
                    ErrorCode::Unknown,
                    "The other server's answer cannot be used",
                )
            }
            HandshakeError::Rooms(error) => error.into(),
            HandshakeError::Store(error) => error.into(),
            HandshakeError::NobodyToAsk => Self::not_found(message),
            HandshakeError::Refused { status, errcode, message } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
                Self::new(status, ErrorCode::from(errcode), message)
            }
            HandshakeError::Failed(_) => Self::new(StatusCode::BAD_GATEWAY, ErrorCode::Unknown, message),
            HandshakeError::IncompatibleVersion(version) => {
                Self::new(StatusCode::BAD_REQUEST, ErrorCode::from("M_INCOMPATIBLE_ROOM_VERSION"), message)
                    .with("room_version", version.as_str())
            }
            HandshakeError::UnknownVersion(_) => {
                Self::new(StatusCode::BAD_REQUEST, ErrorCode::UnsupportedRoomVersion, message)
            }
            HandshakeError::BadRequest(_) => Self::invalid_param(message),
            HandshakeError::Forbidden(_) => Self::forbidden(message),
        }
    }
}

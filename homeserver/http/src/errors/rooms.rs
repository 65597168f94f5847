//! Matrix codes of what `rooms` refuses.

use http::StatusCode;
use rooms::{RoomsError, policy_server::NotRecommended, thread_subscriptions::SubscriptionRefusal};
use ruma::api::error::ErrorCode;

use super::MatrixError;

/// After so long a client may try again when too many wrote to one room.
const CONTENDED_RETRY_AFTER_SECONDS: u64 = 1;

impl From<RoomsError> for MatrixError {
    fn from(error: RoomsError) -> Self {
        let message = error.to_string();
        let bad_request = |code| Self::new(StatusCode::BAD_REQUEST, code, message.clone());
        match error {
            RoomsError::Store(error) => error.into(),
            RoomsError::RoomNotFound | RoomsError::EventNotFound | RoomsError::NotFound(_) => {
                Self::not_found(message)
            }
            RoomsError::Forbidden(_) => Self::forbidden(message),
            RoomsError::NotRecommended(NotRecommended::Refused { errcode, message }) => {
                Self::new(StatusCode::FORBIDDEN, ErrorCode::from(errcode), message)
            }
            RoomsError::NotRecommended(NotRecommended::Unanswered { .. }) => {
                Self::new(StatusCode::BAD_GATEWAY, ErrorCode::Unknown, message)
            }
            RoomsError::RedactedContentGone { kept_ms } => {
                let code = ErrorCode::from("FI.MAU.MSC2815_UNREDACTED_CONTENT_DELETED");
                Self::new(StatusCode::NOT_FOUND, code, message)
                    .with("fi.mau.msc2815.content_keep_ms", kept_ms)
            }
            RoomsError::TooLarge(_) => Self::too_large(message),
            RoomsError::BadJson(_) => Self::bad_json(message),
            RoomsError::InvalidParam(_) => Self::invalid_param(message),
            RoomsError::UnsupportedRoomVersion(_) => bad_request(ErrorCode::UnsupportedRoomVersion),
            RoomsError::AliasInUse => bad_request(ErrorCode::RoomInUse),
            RoomsError::AliasTaken => Self::new(StatusCode::CONFLICT, ErrorCode::Unknown, message),
            RoomsError::BadAlias(_) => bad_request(ErrorCode::BadAlias),
            RoomsError::DuplicateAnnotation => bad_request(ErrorCode::from("M_DUPLICATE_ANNOTATION")),
            RoomsError::InvalidRoomState(_) => bad_request(ErrorCode::InvalidRoomState),
            RoomsError::UnableToGrantJoin(_) => bad_request(ErrorCode::UnableToGrantJoin),
            RoomsError::UnableToAuthoriseJoin(_) => bad_request(ErrorCode::UnableToAuthorizeJoin),
            RoomsError::InviteBlocked { by_filter: false } => {
                Self::new(StatusCode::FORBIDDEN, ErrorCode::from("M_INVITE_BLOCKED"), message)
            }
            RoomsError::InviteBlocked { by_filter: true } => {
                let code = ErrorCode::from("ORG.MATRIX.MSC4155.M_INVITE_BLOCKED");
                Self::new(StatusCode::FORBIDDEN, code, message)
            }
            RoomsError::ThreadSubscription(SubscriptionRefusal::NotInThread) => {
                bad_request(ErrorCode::from("IO.ELEMENT.MSC4306.M_NOT_IN_THREAD"))
            }
            RoomsError::ThreadSubscription(SubscriptionRefusal::GivenUpSince) => {
                let code = ErrorCode::from("IO.ELEMENT.MSC4306.M_CONFLICTING_UNSUBSCRIPTION");
                Self::new(StatusCode::CONFLICT, code, message)
            }
            RoomsError::PeerNotBelieved(_) => Self::new(StatusCode::BAD_GATEWAY, ErrorCode::Unknown, message),
            RoomsError::StillInRoom | RoomsError::Unsupported(_) => Self::bad_request(message),
            // MSC3895 names the code.
            RoomsError::StateIncomplete => {
                let code = ErrorCode::from("M_UNABLE_DUE_TO_PARTIAL_STATE");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message)
            }
            RoomsError::Contended => Self::unavailable("The room is busy", CONTENDED_RETRY_AFTER_SECONDS),
            RoomsError::Accounts(_) | RoomsError::Resolution(_) | RoomsError::Corrupt(_) => {
                Self::internal("serve room", error)
            }
        }
    }
}

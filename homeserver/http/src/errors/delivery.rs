//! Matrix codes of what `delivery` refuses.

use delivery::{delayed_events::DelayedEventError, push::PushError};
use http::StatusCode;
use ruma::api::error::ErrorCode;

use super::MatrixError;

/// After so long a client may try again what another request was faster with.
const BUSY_RETRY_AFTER_SECONDS: u64 = 1;
/// The codes of the proposal stand beside the one that every client knows.
const CODE: &str = "org.matrix.msc4140.errcode";

impl From<DelayedEventError> for MatrixError {
    fn from(error: DelayedEventError) -> Self {
        let message = error.to_string();
        match error {
            DelayedEventError::DelayTooLong { delay_ms_max } => Self::bad_request(message)
                .with(CODE, "M_MAX_DELAY_EXCEEDED")
                .with("org.matrix.msc4140.max_delay", delay_ms_max),
            DelayedEventError::TooMany { retry_after_ms } => {
                Self::limit_exceeded(retry_after_ms).with(CODE, "M_MAX_DELAYED_EVENTS_EXCEEDED")
            }
            DelayedEventError::NotFound => Self::not_found(message),
            DelayedEventError::AlreadySent | DelayedEventError::AlreadyCancelled => {
                Self::new(StatusCode::CONFLICT, ErrorCode::Unknown, message)
            }
            DelayedEventError::TooLarge(_) => Self::too_large(message),
            DelayedEventError::Busy => Self::unavailable(message, BUSY_RETRY_AFTER_SECONDS),
            DelayedEventError::Rooms(error) => error.into(),
            DelayedEventError::Store(error) => error.into(),
        }
    }
}

impl From<PushError> for MatrixError {
    fn from(error: PushError) -> Self {
        let message = error.to_string();
        match error {
            PushError::Missing(_) => Self::missing_param(message),
            PushError::Invalid(_) | PushError::NoMail => Self::invalid_param(message),
            PushError::NotYourAddress => {
                Self::new(StatusCode::BAD_REQUEST, ErrorCode::ThreepidNotFound, message)
            }
            PushError::TooMany => {
                Self::new(StatusCode::BAD_REQUEST, ErrorCode::ResourceLimitExceeded, message)
            }
            PushError::Contended => Self::unavailable(message, BUSY_RETRY_AFTER_SECONDS),
            PushError::Rooms(error) => error.into(),
            PushError::Store(error) => error.into(),
        }
    }
}

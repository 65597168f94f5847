//! Matrix codes of what `media` refuses.

use http::StatusCode;
use media::MediaError;
use ruma::api::error::ErrorCode;

use super::MatrixError;

/// After so long a client may try again when too much is going on.
const BUSY_RETRY_MS: u64 = 2_000;

impl From<MediaError> for MatrixError {
    fn from(error: MediaError) -> Self {
        let message = error.to_string();
        match error {
            MediaError::NotFound => Self::not_found(message),
            MediaError::NotYetUploaded => {
                Self::new(StatusCode::GATEWAY_TIMEOUT, ErrorCode::NotYetUploaded, message)
            }
            MediaError::CannotOverwrite => {
                Self::new(StatusCode::CONFLICT, ErrorCode::CannotOverwriteMedia, message)
            }
            MediaError::Forbidden(_) | MediaError::PreviewsDisabled | MediaError::PreviewRefused => {
                Self::forbidden(message)
            }
            MediaError::TooLarge { .. } | MediaError::ImageTooLarge => Self::too_large(message),
            MediaError::Busy => Self::limit_exceeded(BUSY_RETRY_MS),
            MediaError::NoThumbnail => Self::bad_request(message),
            MediaError::PreviewFailed | MediaError::RemoteFailed => {
                Self::new(StatusCode::BAD_GATEWAY, ErrorCode::Unknown, message)
            }
            MediaError::RangeNotSatisfiable { .. } => {
                Self::new(StatusCode::RANGE_NOT_SATISFIABLE, ErrorCode::Unknown, message)
            }
            MediaError::Setup(_) | MediaError::Storage(_) => Self::internal("use the media storage", message),
            MediaError::Store(error) => error.into(),
        }
    }
}

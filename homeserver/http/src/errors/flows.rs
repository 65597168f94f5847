//! Matrix codes of what `flows` refuses: those of the domain that refused.

use flows::FlowsError;
use http::StatusCode;
use ruma::api::error::ErrorCode;

use super::MatrixError;

/// After so long a client may try again when the mail server takes no letter.
const MAIL_RETRY_SECONDS: u64 = 60;

impl From<FlowsError> for MatrixError {
    fn from(error: FlowsError) -> Self {
        match error {
            FlowsError::Account(error) => error.into(),
            FlowsError::Keys(error) => error.into(),
            FlowsError::Push(error) => error.into(),
            FlowsError::Rooms(error) => error.into(),
            FlowsError::Federation(error) => error.into(),
            FlowsError::Handshake(error) => error.into(),
            FlowsError::Administration(error) => error.into(),
            FlowsError::NoMail => {
                Self::new(StatusCode::FORBIDDEN, ErrorCode::ThreepidDenied, error.to_string())
            }
            FlowsError::LetterNotTaken => Self::unavailable(error.to_string(), MAIL_RETRY_SECONDS),
            FlowsError::NoticesDisabled => Self::bad_request(error.to_string()),
            FlowsError::CannotLeaveServerNoticeRoom => {
                Self::new(StatusCode::FORBIDDEN, ErrorCode::CannotLeaveServerNoticeRoom, error.to_string())
            }
            FlowsError::Task(reason) => Self::internal("carry out task", reason),
        }
    }
}

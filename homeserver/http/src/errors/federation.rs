//! Matrix codes of what other servers refuse, or why they could not be asked.

use federation::{ClientError, FederationError};
use http::StatusCode;
use ruma::api::error::ErrorCode;

use super::MatrixError;

impl From<ClientError> for MatrixError {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        let bad_gateway =
            |message: &'static str| Self::new(StatusCode::BAD_GATEWAY, ErrorCode::Unknown, message);
        match error {
            ClientError::NotAllowed(_) => Self::forbidden("This server does not talk with that server"),
            ClientError::BackingOff { .. } | ClientError::Unreachable(_) | ClientError::Timeout => {
                tracing::debug!(error = message, "server not reached");
                bad_gateway("The other server cannot be reached")
            }
            ClientError::Answered { status, errcode, error, .. } => match StatusCode::from_u16(status) {
                Ok(status) if status.is_client_error() && status != StatusCode::UNAUTHORIZED => {
                    Self::new(status, ErrorCode::from(errcode), error)
                }
                Ok(_) | Err(_) => {
                    tracing::debug!(error = message, "server failed");
                    bad_gateway("The other server could not answer")
                }
            },
            ClientError::NoEndpoint(_) | ClientError::BadAnswer(_) => {
                tracing::debug!(error = message, "server answered nonsense");
                bad_gateway("The answer of the other server cannot be used")
            }
            ClientError::Request(_) => Self::internal("write request to another server", message),
        }
    }
}

impl From<FederationError> for MatrixError {
    fn from(error: FederationError) -> Self {
        match error {
            FederationError::Client(error) => error.into(),
            FederationError::NotFound(message) => Self::not_found(message),
            FederationError::Invalid(message) => Self::invalid_param(message),
            FederationError::Store(error) => error.into(),
        }
    }
}

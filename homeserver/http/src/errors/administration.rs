//! Matrix codes of what `administration` refuses.

use administration::AdministrationError;
use http::StatusCode;
use ruma::api::error::ErrorCode;

use super::MatrixError;

/// After so long an administrator may try again when the server is busy.
const BUSY_RETRY_MS: u64 = 10_000;

impl From<AdministrationError> for MatrixError {
    fn from(error: AdministrationError) -> Self {
        let message = error.to_string();
        match error {
            AdministrationError::NotFound => Self::not_found(message),
            AdministrationError::UnderWay(_) => Self::bad_request(message),
            AdministrationError::TooLarge(_) => {
                Self::new(StatusCode::BAD_REQUEST, ErrorCode::TooLarge, message)
            }
            AdministrationError::Busy | AdministrationError::Contended => Self::limit_exceeded(BUSY_RETRY_MS),
            AdministrationError::Store(error) => error.into(),
        }
    }
}

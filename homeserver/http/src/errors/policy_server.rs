//! Matrix codes of what this server does not sign as a policy server.

use federation::policy_server::PolicyServerError;
use http::StatusCode;
use ruma::api::error::ErrorCode;

use super::MatrixError;

impl From<PolicyServerError> for MatrixError {
    fn from(error: PolicyServerError) -> Self {
        let message = error.to_string();
        match error {
            PolicyServerError::NotServing => {
                Self::new(StatusCode::NOT_FOUND, ErrorCode::Unrecognized, message)
            }
            PolicyServerError::NotProtected => Self::not_found(message),
            PolicyServerError::BadEvent(_) => Self::bad_json(message),
            PolicyServerError::KeptOut => Self::forbidden(message),
            // The specification answers a refusal with 400.
            PolicyServerError::Refused(_) => {
                Self::new(StatusCode::BAD_REQUEST, ErrorCode::Forbidden, message)
            }
            PolicyServerError::Rooms(error) => error.into(),
            PolicyServerError::Store(error) => error.into(),
        }
    }
}

//! What a malformed request is called: `M_NOT_JSON`, `M_BAD_JSON`, `M_MISSING_PARAM`, `M_INVALID_PARAM`.

use http::StatusCode;
use ruma::api::error::{DeserializationError, ErrorCode, FromHttpRequestError};
use serde_json::error::Category;

use super::MatrixError;

impl From<FromHttpRequestError> for MatrixError {
    fn from(error: FromHttpRequestError) -> Self {
        match error {
            FromHttpRequestError::Deserialization(error) => error.into(),
            FromHttpRequestError::MethodMismatch { .. } => method_not_allowed(),
            // Both enums of ruma are open: what a later ruma adds is still a request we cannot read.
            other => Self::bad_json(other.to_string()),
        }
    }
}

impl From<DeserializationError> for MatrixError {
    fn from(error: DeserializationError) -> Self {
        match error {
            DeserializationError::Json(error) => json(&error),
            DeserializationError::Utf8(error) => Self::not_json(error.to_string()),
            DeserializationError::Query(error) => parameter(error.to_string()),
            DeserializationError::Ident(error) => Self::invalid_param(error.to_string()),
            DeserializationError::Header(error) => Self::invalid_param(error.to_string()),
            other => Self::bad_json(other.to_string()),
        }
    }
}

/// 405 `M_UNRECOGNIZED`: a known path with a method that it does not have.
pub(crate) fn method_not_allowed() -> MatrixError {
    MatrixError::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::Unrecognized, "Unrecognized request method")
}

fn json(error: &serde_json::Error) -> MatrixError {
    let message = error.to_string();
    match error.classify() {
        // ruma checks some parameters of the path in the same pass and reports them as data errors.
        Category::Data if message.starts_with("missing field") => MatrixError::missing_param(message),
        Category::Data => MatrixError::bad_json(message),
        Category::Syntax if message.starts_with("recursion limit") => MatrixError::bad_json(message),
        Category::Syntax | Category::Eof | Category::Io => MatrixError::not_json(message),
    }
}

/// Path and query arguments: ruma reports both by the same error.
fn parameter(message: String) -> MatrixError {
    if message.starts_with("missing field") {
        MatrixError::missing_param(message)
    } else {
        MatrixError::invalid_param(message)
    }
}

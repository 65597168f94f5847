//! Answers for what no handler serves.

use axum::response::{IntoResponse, Response};

use crate::{MatrixError, errors};

/// 404 `M_UNRECOGNIZED` under every prefix.
/// [Unsupported endpoints](https://spec.matrix.org/v1.19/client-server-api/#common-error-codes)
pub async fn unknown_path() -> Response {
    MatrixError::unrecognized().into_response()
}

/// 405 `M_UNRECOGNIZED` for a path that exists.
pub async fn unknown_method() -> Response {
    errors::method_not_allowed().into_response()
}

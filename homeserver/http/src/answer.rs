//! Successful answers.

use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use ruma::api::{OutgoingResponse, OutgoingResponseExt as _};

use crate::MatrixError;

/// A ruma response on its way out.
pub struct Answer<R>(pub R);

impl<R: OutgoingResponse> IntoResponse for Answer<R> {
    fn into_response(self) -> Response {
        match self.0.try_into_http_response::<BytesMut>() {
            Ok(response) => response.map(|body| axum::body::Body::from(body.freeze())),
            Err(error) => MatrixError::internal("serialise answer", error).into_response(),
        }
    }
}

/// A JSON answer that was put together from stored bytes; sent as it is.
pub struct JsonBytes(pub Bytes);

impl IntoResponse for JsonBytes {
    fn into_response(self) -> Response {
        let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        (StatusCode::OK, headers, self.0).into_response()
    }
}

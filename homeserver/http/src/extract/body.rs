//! Reading a request body within its bounds: size, time and encoding are checked before anything is
//! kept.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use ruma::api::error::ErrorCode;

use crate::{MatrixError, limits::BODY_TIMEOUT_MS_MAX};

/// Collects a body of at most `bytes_max` bytes.
///
/// # Errors
/// * 413 `M_TOO_LARGE` when the announced or the real length is larger;
/// * 415 `M_UNKNOWN` for a compressed or multipart body: neither is in the specification, and both are
///   ways to make a server expand a few bytes into many;
/// * 408 `M_UNKNOWN` when the client is too slow, 400 when it hangs up in the middle.
pub async fn read_body(headers: &HeaderMap, body: Body, bytes_max: usize) -> Result<Bytes, MatrixError> {
    refuse_encodings(headers)?;
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > bytes_max as u64) {
        return Err(too_large(bytes_max));
    }
    let collected = Limited::new(body, bytes_max).collect();
    match tokio::time::timeout(Duration::from_millis(BODY_TIMEOUT_MS_MAX), collected).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(bytes_max)),
        Ok(Err(_)) => Err(MatrixError::bad_request("The request body broke off")),
        Err(_) => Err(MatrixError::new(
            StatusCode::REQUEST_TIMEOUT,
            ErrorCode::Unknown,
            "The request body did not arrive in time",
        )),
    }
}

fn refuse_encodings(headers: &HeaderMap) -> Result<(), MatrixError> {
    let unsupported =
        |message| MatrixError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::Unknown, message);
    if headers.get(CONTENT_ENCODING).is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        return Err(unsupported("Compressed request bodies are not accepted"));
    }
    let is_multipart = headers.get(CONTENT_TYPE).is_some_and(|value| {
        value.as_bytes().get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"))
    });
    if is_multipart { Err(unsupported("Multipart bodies are not accepted")) } else { Ok(()) }
}

fn too_large(bytes_max: usize) -> MatrixError {
    MatrixError::too_large(format!("The request body is larger than {bytes_max} bytes"))
}

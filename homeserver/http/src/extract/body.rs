//! Reading a request body within its bounds: size, time and encoding are checked before anything is
//! kept.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
};
use http_body_util::BodyExt as _;
use ruma::api::error::ErrorCode;

use crate::{App, MatrixError, limits::DISCARDED_BYTES_MAX};

/// Collects a body of at most `bytes_max` bytes.
///
/// # Errors
/// * 413 `M_TOO_LARGE` when the announced or the real length is larger;
/// * 415 `M_UNKNOWN` for a compressed or multipart body: neither is in the specification, and both are
///   ways to make a server expand a few bytes into many;
/// * 408 `M_UNKNOWN` when the client is too slow, 400 when it hangs up in the middle.
pub async fn read_body(
    app: &App,
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
) -> Result<Bytes, MatrixError> {
    refuse_encodings(headers)?;
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok())
        .unwrap_or_default();
    if announced > bytes_max.saturating_add(DISCARDED_BYTES_MAX) {
        return Err(too_large(bytes_max));
    }
    let keep = announced <= bytes_max;
    match tokio::time::timeout(app.settings.body_timeout, collect(body, bytes_max, keep)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(MatrixError::new(
            StatusCode::REQUEST_TIMEOUT,
            ErrorCode::Unknown,
            "The request body did not arrive in time",
        )),
    }
}

/// Reads to the end and keeps nothing of a body that is too large: many clients send all of it before
/// they look at the answer, and would only see a broken connection otherwise.
async fn collect(mut body: Body, bytes_max: usize, mut keep: bool) -> Result<Bytes, MatrixError> {
    let mut kept = BytesMut::new();
    let mut read = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| MatrixError::bad_request("The request body broke off"))?;
        let Ok(data) = frame.into_data() else { continue };
        read = read.saturating_add(data.len());
        if read > bytes_max {
            keep = false;
            kept = BytesMut::new();
        }
        if read > bytes_max.saturating_add(DISCARDED_BYTES_MAX) {
            break;
        }
        if keep {
            kept.extend_from_slice(&data);
        }
    }
    if keep { Ok(kept.freeze()) } else { Err(too_large(bytes_max)) }
}

/// Refuses compressed and multipart bodies, before anything of them is read.
pub(super) fn refuse_encodings(headers: &HeaderMap) -> Result<(), MatrixError> {
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

//! A content as an HTTP answer: streamed, with the headers that keep a browser from running it.

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use media::{Found, MediaError};

use super::range;
use crate::{App, MatrixError, limits::MEDIA_CACHE_SECONDS};

/// [Content-Security-Policy](https://spec.matrix.org/v1.19/client-server-api/#content-repo-security-considerations)
const POLICY: &str = "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf; \
                      style-src 'unsafe-inline'; object-src 'self';";

/// Answers with a content, a part of it, or the word that the asker has it already.
pub(super) async fn serve(
    app: &App,
    found: &Found,
    disposition: &str,
    asked: &HeaderMap,
) -> Result<Response, MatrixError> {
    let tag = format!("\"{}\"", found.digest);
    if knows(asked, &tag) {
        return Ok(with_headers(StatusCode::NOT_MODIFIED, Body::empty(), found, disposition, &tag));
    }
    let range = range::wanted(asked, &tag, found.bytes)
        .map_err(|range::Outside| MediaError::RangeNotSatisfiable { bytes: found.bytes })?;
    let body = Body::from_stream(app.media.read(found, range.clone()).await?);
    let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut response = with_headers(status, body, found, disposition, &tag);
    let headers = response.headers_mut();
    let length = range.as_ref().map_or(found.bytes, |range| range.end - range.start);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    if let Some(range) = range {
        let place = format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), found.bytes);
        insert(headers, header::CONTENT_RANGE, &place);
    }
    Ok(response)
}

/// Waits for a content no longer than the server lives.
pub(crate) async fn unless_stopped(
    app: &App,
    finding: impl Future<Output = Result<Found, MediaError>>,
) -> Result<Found, MediaError> {
    tokio::select! {
        found = finding => found,
        () = app.shutdown.wait() => Err(MediaError::NotYetUploaded),
    }
}

fn with_headers(status: StatusCode, body: Body, found: &Found, disposition: &str, tag: &str) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    let content_type = found.content_type.as_deref().unwrap_or("application/octet-stream");
    insert(headers, header::CONTENT_TYPE, content_type);
    insert(headers, header::CONTENT_DISPOSITION, disposition);
    insert(headers, header::CONTENT_SECURITY_POLICY, POLICY);
    insert(headers, HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
    insert(headers, header::REFERRER_POLICY, "no-referrer");
    insert(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    insert(headers, header::ACCEPT_RANGES, "bytes");
    insert(headers, header::ETAG, tag);
    insert(headers, header::CACHE_CONTROL, &format!("private, max-age={MEDIA_CACHE_SECONDS}"));
    response
}

fn knows(asked: &HeaderMap, tag: &str) -> bool {
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.is_some_and(|known| {
        known.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
    })
}

/// A value that HTTP does not allow is left out; what we keep was cleaned when it came in.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

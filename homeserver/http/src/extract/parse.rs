//! From head, path arguments and body to a ruma request.

use axum::{
    body::Body,
    extract::{FromRequestParts as _, RawPathParams},
};
use http::{Method, Request, request::Parts};
use rules::canonical::nests_deeper;
use ruma::api::{IncomingRequest, IncomingRequestExt as _};

use super::read_body;
use crate::{
    App, MatrixError,
    limits::{JSON_BODY_BYTES_MAX, JSON_DEPTH_MAX},
};

/// What an empty body stands for: clients leave it out of requests whose every field is optional.
const EMPTY_OBJECT: &[u8] = b"{}";

/// Reads and checks a request. The `Content-Type` is not looked at, because many clients leave it out
/// or send a wrong one.
pub(super) async fn parse<R: IncomingRequest>(
    mut parts: Parts,
    body: Body,
    app: &App,
) -> Result<R, MatrixError> {
    let arguments = RawPathParams::from_request_parts(&mut parts, app)
        .await
        .map_err(|_| MatrixError::invalid_param("The path is not valid UTF-8"))?;
    let body = match parts.method {
        // A body of a GET means nothing, whatever it holds.
        Method::GET | Method::HEAD => bytes::Bytes::new(),
        _ => match read_body(app, &parts.headers, body, JSON_BODY_BYTES_MAX).await? {
            empty if empty.is_empty() => bytes::Bytes::from_static(EMPTY_OBJECT),
            body => body,
        },
    };
    // A parser that skips a value it does not need would not look at its bytes.
    if std::str::from_utf8(&body).is_err() {
        return Err(MatrixError::not_json("The body is not valid UTF-8"));
    }
    if nests_deeper(&body, JSON_DEPTH_MAX) {
        return Err(MatrixError::bad_json("The JSON is nested too deeply"));
    }
    let arguments: Vec<&str> = arguments.iter().map(|(_, value)| value).collect();
    let request = Request::from_parts(parts, &*body);
    Ok(R::try_from_http_request(request, &arguments)?)
}

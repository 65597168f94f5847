//! How answers look on the wire.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde_json::Value;
use simulator_stage::mishap;

use super::{Outcome, Reply};

/// A status and nothing else.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn typed(content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A page where JSON was expected.
pub(super) fn garbage() -> Response {
    typed("text/html", "<html><body>502</body></html>")
}

fn json(value: &Value) -> Response {
    typed("application/json; charset=UTF-8", value.to_string())
}

/// The answer to a request. HTTP says 200 also where the platform refuses; `bare` leaves errcode out.
pub(super) fn answered(outcome: Outcome, hint: &str, bare: bool) -> Response {
    match outcome {
        Ok(Reply::Fields(mut fields)) => {
            if !bare {
                fields["errcode"] = 0.into();
                fields["errmsg"] = "ok".into();
            }
            json(&fields)
        }
        Ok(Reply::File { bytes, name, content_type, range, truncated }) => {
            file(bytes, &name, content_type, range, truncated)
        }
        Err(refusal) => json(&refusal.body(hint)),
    }
}

fn file(
    bytes: Bytes,
    name: &str,
    content_type: &'static str,
    range: Option<(usize, usize, usize)>,
    truncated: bool,
) -> Response {
    let half = bytes.slice(..bytes.len() / 2);
    let mut response = if truncated { mishap::broken(half) } else { Response::new(Body::from(bytes)) };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let plain: String = name.chars().filter(|letter| *letter != '"' && !letter.is_control()).collect();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{plain}\"")) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    if let Some((first, last, length)) = range {
        if let Ok(value) = HeaderValue::from_str(&format!("bytes {first}-{last}/{length}")) {
            headers.insert(CONTENT_RANGE, value);
        }
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    response
}

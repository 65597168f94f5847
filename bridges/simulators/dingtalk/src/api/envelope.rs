//! How answers look on the wire, and how they break.

use axum::body::Body;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde_json::Value;

use crate::refusal::{Generation, Refusal};

/// Bytes of this type.
pub(crate) fn raw(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert("Server", HeaderValue::from_static("DingTalk/1.0.0"));
    response
}

/// JSON with the id of the request.
pub(crate) fn json(status: StatusCode, value: &Value, request_id: &str) -> Response {
    let mut response = raw(status, "application/json;charset=utf-8", value.to_string().into());
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-acs-request-id", id.clone());
        response.headers_mut().insert("x-acs-trace-id", id);
    }
    response
}

/// A success.
pub(crate) fn answered(mut value: Value, generation: Generation, request_id: &str) -> Response {
    if generation == Generation::Old {
        value["errcode"] = 0.into();
        value["errmsg"] = "ok".into();
        value["request_id"] = request_id.into();
    }
    json(StatusCode::OK, &value, request_id)
}

/// A refusal.
pub(crate) fn refused(refusal: &Refusal, generation: Generation, request_id: &str) -> Response {
    let status = match generation {
        Generation::New => StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST),
        Generation::Old => StatusCode::OK,
    };
    json(status, &refusal.body(generation, request_id), request_id)
}

/// A status whose body is not the platform's JSON.
pub(crate) fn status(status: StatusCode) -> Response {
    let text = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or(""));
    raw(status, "text/plain", text.into())
}

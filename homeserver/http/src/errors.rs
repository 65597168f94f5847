//! The only place where an error becomes a Matrix error code.
//!
//! Every domain crate has a file beside this one with an exhaustive `From<…> for MatrixError`, so a
//! new error variant does not compile until someone picks its code. What the client reads and what
//! the log says are two texts; the inside text is logged here, once, and never sent.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
pub use ruma::api::error::ErrorCode;
use ruma::api::{client::uiaa::UiaaInfo, error::ErrorKind};
use serde_json::{Map, Value};

mod accounts;
mod administration;
mod appservice;
mod delivery;
mod federation;
mod flows;
mod handshake;
mod inbound;
mod keys;
mod media;
mod policy_server;
mod request;
mod rooms;
mod search;
mod store;
mod sync;

pub(crate) use request::method_not_allowed;

/// An error in the form that the Matrix specification gives it.
///
/// [Standard error response](https://spec.matrix.org/v1.19/client-server-api/#standard-error-response)
#[derive(Debug)]
pub struct MatrixError {
    status: StatusCode,
    body: Box<Body>,
}

#[derive(Debug)]
struct Body {
    /// The whole JSON object that is sent.
    fields: Map<String, Value>,
    /// Whole seconds for the `Retry-After` header.
    retry_after_seconds: Option<u64>,
    /// The story for the log; its presence means that a person must look.
    inside: Option<String>,
}

impl MatrixError {
    /// An error with this status, code and text for the client.
    pub fn new(status: StatusCode, code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        let mut fields = Map::new();
        fields.insert("errcode".to_owned(), Value::String(code.as_str().to_owned()));
        fields.insert("error".to_owned(), Value::String(message.into().into_owned()));
        Self { status, body: Box::new(Body { fields, retry_after_seconds: None, inside: None }) }
    }

    /// The same from ruma's error kind, with the fields that belong to the kind.
    pub fn from_kind(status: StatusCode, kind: &ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::new(status, kind.errcode(), message);
        if let Ok(Value::Object(fields)) = serde_json::to_value(kind) {
            error.body.fields.extend(fields);
        }
        error
    }

    /// The 401 answer of user-interactive authentication: the flows, and why the last stage failed.
    pub fn uiaa(info: &UiaaInfo) -> Self {
        match serde_json::to_value(info) {
            Ok(Value::Object(fields)) => Self {
                status: StatusCode::UNAUTHORIZED,
                body: Box::new(Body { fields, retry_after_seconds: None, inside: None }),
            },
            Ok(_) => Self::internal("serialise flows", "not an object"),
            Err(error) => Self::internal("serialise flows", error),
        }
    }

    /// Adds a field beside `errcode` and `error`.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.body.fields.insert(field.to_owned(), value.into());
        self
    }

    /// 403 `M_FORBIDDEN`.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, ErrorCode::Forbidden, message)
    }

    /// 403 `M_USER_SUSPENDED`: the account is suspended, and this is one of the things it may not do.
    pub fn suspended() -> Self {
        Self::new(StatusCode::FORBIDDEN, ErrorCode::UserSuspended, "Your account is suspended")
    }

    /// 403 `M_GUEST_ACCESS_FORBIDDEN`: guests may not call this endpoint.
    pub fn guest_forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, ErrorCode::GuestAccessForbidden, "Guests may not do this")
    }

    /// 404 `M_NOT_FOUND`.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, message)
    }

    /// 400 `M_BAD_JSON`: valid JSON of the wrong form.
    pub fn bad_json(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::BadJson, message)
    }

    /// 400 `M_NOT_JSON`: no JSON at all.
    pub fn not_json(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::NotJson, message)
    }

    /// 400 `M_INVALID_PARAM`.
    pub fn invalid_param(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::InvalidParam, message)
    }

    /// 400 `M_MISSING_PARAM`.
    pub fn missing_param(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::MissingParam, message)
    }

    /// 400 `M_UNKNOWN`: refused, and the specification has no better word for it.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::Unknown, message)
    }

    /// 413 `M_TOO_LARGE`.
    pub fn too_large(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::TooLarge, message)
    }

    /// 404 `M_UNRECOGNIZED`: no such endpoint, or a part of it that this server leaves out.
    pub fn unrecognized() -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorCode::Unrecognized, "Unrecognized request")
    }

    /// 401 `M_MISSING_TOKEN`.
    pub fn missing_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, ErrorCode::MissingToken, "Missing access token")
    }

    /// 401 `M_UNKNOWN_TOKEN`; a soft logout tells the client to keep its keys and log in again.
    pub fn unknown_token(soft_logout: bool) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, ErrorCode::UnknownToken, "Unrecognised access token")
            .with("soft_logout", soft_logout)
    }

    /// 429 `M_LIMIT_EXCEEDED`, with `retry_after_ms` and the header `Retry-After`.
    pub fn limit_exceeded(retry_after_ms: u64) -> Self {
        let mut error =
            Self::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::LimitExceeded, "Too many requests")
                .with("retry_after_ms", retry_after_ms);
        error.body.retry_after_seconds = Some(retry_after_ms.div_ceil(1000).max(1));
        error
    }

    /// 503: the server cannot take this request now, and says when to come back.
    pub fn unavailable(message: impl Into<Cow<'static, str>>, retry_after_seconds: u64) -> Self {
        let mut error = Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Unknown, message);
        error.body.retry_after_seconds = Some(retry_after_seconds);
        error
    }

    /// 500 `M_UNKNOWN`. `doing` is verb and object ("read state group") for the log; the client
    /// learns nothing of either.
    pub fn internal(doing: &str, error: impl std::fmt::Display) -> Self {
        let mut answer =
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Unknown, "Internal server error");
        answer.body.inside = Some(format!("{doing}: {error}"));
        answer
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The value of `errcode`, empty for an answer that has none (user-interactive authentication).
    pub fn code(&self) -> &str {
        self.body.fields.get("errcode").and_then(Value::as_str).unwrap_or_default()
    }
}

impl IntoResponse for MatrixError {
    fn into_response(self) -> Response {
        if let Some(inside) = &self.body.inside {
            tracing::error!(error = %inside, "request failed");
        } else {
            tracing::debug!(status = self.status.as_u16(), code = self.code(), "request refused");
        }
        let body = serde_json::to_vec(&self.body.fields).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(seconds) = self.body.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

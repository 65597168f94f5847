//! How answers look on the wire, and how they break.

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use simulator_stage::mishap::{self, After};

use super::{Answer, logins};
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::state::State;

/// How an answer gets lost after all was done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    Nothing,
    OnTheWay(After),
    Replaced,
    WrongType,
}

fn response(status: StatusCode, content_type: &str, log_id: &str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let content_type = HeaderValue::from_str(content_type);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, content_type.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    if let Ok(value) = HeaderValue::from_str(log_id) {
        response.headers_mut().insert("X-Tt-Logid", value);
    }
    response
}

const JSON: &str = "application/json; charset=utf-8";

/// A success.
pub(crate) fn answered(answer: Answer, log_id: &str) -> Response {
    let value = match answer {
        Answer::Data(data) => json!({ "code": 0, "msg": "success", "data": data }),
        Answer::Flat(mut fields) => {
            fields["code"] = 0.into();
            fields["msg"] = "ok".into();
            fields
        }
        Answer::Raw(content_type, bytes) => {
            return response(StatusCode::OK, &content_type, log_id, bytes.into());
        }
        Answer::Whole(value) => value,
        Answer::Elsewhere(address) => {
            let mut response = status(StatusCode::FOUND, log_id);
            if let Ok(address) = HeaderValue::from_str(&address) {
                response.headers_mut().insert(LOCATION, address);
            }
            return response;
        }
    };
    response(StatusCode::OK, JSON, log_id, value.to_string().into())
}

/// A refusal of what was asked for at a path.
pub(crate) fn refused(path: &str, refusal: &Refusal, log_id: &str) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    let body = if logins::is_flat(path) { logins::flat(refusal) } else { refusal.body(log_id) };
    let mut response = response(status, JSON, log_id, body.to_string().into());
    if let Some(reset_s) = refusal.reset_s {
        response.headers_mut().insert("x-ogw-ratelimit-limit", HeaderValue::from_static("50"));
        response.headers_mut().insert("x-ogw-ratelimit-reset", HeaderValue::from(reset_s));
    }
    response
}

/// A status whose body is not the platform's JSON.
pub(crate) fn status(status: StatusCode, log_id: &str) -> Response {
    let text = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or(""));
    response(status, "text/plain", log_id, text.into())
}

/// Something that no client can read.
pub(crate) fn garbage(log_id: &str) -> Response {
    response(StatusCode::OK, JSON, log_id, "<html>\u{0}{\"code\":".into())
}

/// Which loss strikes.
pub(crate) fn loss(state: &mut State, path: &str) -> Loss {
    if let Some(after) = mishap::after(&mut state.stage, path) {
        return Loss::OnTheWay(after);
    }
    let faults = &mut state.stage.faults;
    if faults.take_on(Fault::ApiAnswerReplaced, path).is_some() {
        return Loss::Replaced;
    }
    let download =
        path.contains("/resources/") || path.contains("/im/v1/images/") || path.contains("/im/v1/files/");
    match download.then(|| faults.take_on(Fault::MediaWrongType, path)).flatten() {
        Some(_) => Loss::WrongType,
        None => Loss::Nothing,
    }
}

/// The answer as the loss leaves it.
pub(crate) async fn lose(mut response: Response, loss: Loss) -> Response {
    match loss {
        Loss::Nothing => response,
        Loss::OnTheWay(after) => after.lose(response).await,
        Loss::Replaced => status(StatusCode::INTERNAL_SERVER_ERROR, ""),
        Loss::WrongType => {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
            response
        }
    }
}

/// One page of a list as the platform answers it.
pub(crate) fn page(items: Vec<Value>, page_token: Option<String>) -> Value {
    json!({ "items": items, "has_more": page_token.is_some(), "page_token": page_token.unwrap_or_default() })
}

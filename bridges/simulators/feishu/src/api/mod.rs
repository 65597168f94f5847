//! The API: one door that reads the request, lets faults strike, asks whose token it is, counts, and calls one handler.
//!
//! Handlers are plain functions over the state; none awaits.

mod bot;
pub(crate) mod cards;
mod chats;
mod contacts;
pub(crate) mod envelope;
mod forwards;
mod logins;
mod media;
mod members;
mod messages;
mod messages_read;
mod office;
mod paging;
mod reactions;
mod routes;
mod tokens;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Request, State as Extracted};
use axum::response::Response;
use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use serde_json::Value;
use simulator_stage::mishap::{self, Before};
use simulator_stage::query;

use crate::faults::Fault;
use crate::limits::REQUEST_BYTES_MAX;
use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::state::State;

/// A file of a multipart request.
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
}

/// A request whose caller is known.
#[derive(Default)]
pub(crate) struct Call {
    /// The app whose token it carries; empty where no token is asked for.
    pub(crate) app: String,
    /// The token that it carries, whosever it is; empty without one.
    pub(crate) bearer: String,
    /// The path after `/open-apis/`.
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Value,
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) upload: Option<Upload>,
}

impl Call {
    /// A part of the path by its place.
    pub(crate) fn part(&self, place: usize) -> &str {
        self.path.get(place).map_or("", String::as_str)
    }

    /// The first value of a parameter of the query; empty when it is missing.
    pub(crate) fn query(&self, name: &str) -> &str {
        self.query.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A parameter of the query, or what stands for it when it is missing.
    pub(crate) fn query_or<'a>(&'a self, name: &str, missing: &'a str) -> &'a str {
        Some(self.query(name)).filter(|value| !value.is_empty()).unwrap_or(missing)
    }

    /// A text of the body; empty when it is missing.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.body.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A text of the body that must be there.
    pub(crate) fn needed(&self, name: &str) -> Result<&str, Refusal> {
        let missing = || Refusal::ext(99_992_402, &format!("{name} is required"));
        Some(self.text(name)).filter(|value| !value.is_empty()).ok_or_else(missing)
    }
}

/// What a handler answers.
pub(crate) enum Answer {
    /// The value of `data`.
    Data(Value),
    /// Fields that stand beside `code` and `msg`.
    Flat(Value),
    /// A body of its own form.
    Whole(Value),
    /// Raw bytes of this type.
    Raw(String, Bytes),
    /// Another address, to which a browser goes.
    Elsewhere(String),
}

pub(crate) type Outcome = Result<Answer, Refusal>;
pub(crate) type Handler = fn(&mut State, &Call) -> Outcome;

/// Serves one request of the API.
pub(crate) async fn serve(Extracted(shared): Extracted<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let log_id = shared.state.lock().stage.chance.id("20260101", 24).to_uppercase();
    let Ok(body) = Limited::new(body, REQUEST_BYTES_MAX).collect().await else {
        return envelope::status(StatusCode::PAYLOAD_TOO_LARGE, &log_id);
    };
    let segments: Vec<String> = path
        .trim_matches('/')
        .split('/')
        .skip(1)
        .filter(|part| !part.is_empty())
        .map(query::decoded)
        .collect();
    let names: Vec<&str> = segments.iter().map(String::as_str).collect();
    let Some(route) = routes::find(&parts.method, &names) else {
        return envelope::status(StatusCode::NOT_FOUND, &log_id);
    };
    if let Some(response) = strike(&shared, &path, &log_id).await {
        return response;
    }
    let mut call =
        Call { path: segments, query: query::pairs(parts.uri.query().unwrap_or("")), ..Call::default() };
    let (content_type, authorization) =
        (header(&parts.headers, "content-type"), header(&parts.headers, "authorization"));
    call.bearer = authorization.strip_prefix("Bearer ").unwrap_or_default().to_owned();
    if !fill(&mut call, &parts.method, content_type, body.to_bytes()).await {
        return envelope::refused(&path, &Refusal::code(9499), &log_id);
    }
    let (outcome, lost) = {
        let state = &mut *shared.state.lock();
        let outcome = authorised(state, route, &mut call).and_then(|()| (route.handler)(state, &call));
        (outcome, envelope::loss(state, &path))
    };
    let response = match outcome {
        Ok(answer) => envelope::answered(answer, &log_id),
        Err(refusal) => envelope::refused(&path, &refusal, &log_id),
    };
    envelope::lose(response, lost).await
}

/// The faults that strike before anything is done.
pub(crate) async fn strike(shared: &Shared, path: &str, log_id: &str) -> Option<Response> {
    match mishap::before(shared, path).await {
        Some(Before::Broken) => return Some(mishap::broken(Bytes::new())),
        Some(Before::Status(status)) => return Some(envelope::status(status, log_id)),
        None => {}
    }
    let faults = &mut shared.state.lock().stage.faults;
    if faults.take_on(Fault::ApiGarbage, path).is_some() {
        return Some(envelope::garbage(log_id));
    }
    if faults.take_on(Fault::ApiDataNull, path).is_some() {
        return Some(envelope::answered(Answer::Data(Value::Null), log_id));
    }
    if let Some(value) = faults.take_on(Fault::ApiCode, path) {
        return Some(envelope::refused(path, &Refusal::code(value.as_i64().unwrap_or(2200)), log_id));
    }
    if let Some(value) = faults.take_on(Fault::ApiRateLimited, path) {
        let refusal = Refusal::limited(value.as_u64().unwrap_or(1).saturating_mul(1_000));
        return Some(envelope::refused(path, &refusal, log_id));
    }
    let old_style = faults.take_on(Fault::ApiRateLimitedOldStyle, path);
    old_style.map(|_| envelope::refused(path, &Refusal::code(99_991_400), log_id))
}

/// Whose token it is, whether the app may do this, and whether it did so too often.
fn authorised(state: &mut State, route: &routes::Route, call: &mut Call) -> Result<(), Refusal> {
    if !route.needs_token {
        return Ok(());
    }
    if call.bearer.is_empty() {
        return Err(Refusal::code(99_991_661));
    }
    let app = state.app_of_token(&call.bearer)?;
    if !app.may_any(route.scopes) {
        return Err(Refusal::scopes(route.scopes));
    }
    call.app.clone_from(&app.app_id);
    let bounds = state.settings.bounds(route.tier);
    state.stage.count(&call.app.clone(), route.name, &bounds).map_err(Refusal::limited)
}

/// Reads the body as JSON or as a form; whether that was possible.
async fn fill(call: &mut Call, method: &Method, content_type: &str, body: Bytes) -> bool {
    match query::form(content_type, body.clone()).await {
        Ok(Some(parts)) => {
            for part in parts {
                // Some libraries give the part of the bytes no file name.
                if part.file.is_some() || ["image", "file"].contains(&part.name.as_str()) {
                    call.upload = Some(Upload { name: part.file.unwrap_or_default(), bytes: part.bytes });
                } else {
                    call.fields.insert(part.name, String::from_utf8_lossy(&part.bytes).into_owned());
                }
            }
            true
        }
        Ok(None) if body.is_empty() || *method == Method::GET => true,
        Ok(None) => serde_json::from_slice(&body).map(|value| call.body = value).is_ok(),
        Err(_) => false,
    }
}

fn header<'a>(headers: &'a http::HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

//! Both APIs: which request is which, who may make it, what it answers, and what faults make of that.

mod calendar;
mod calendar_lists;
pub(crate) mod callbacks;
mod cards;
mod conferences;
pub(crate) mod consent;
mod contacts;
pub(crate) mod downloads;
pub(crate) mod envelope;
mod forms;
mod groups;
mod login;
mod media;
mod notices;
mod process_centre;
pub(crate) mod reading;
mod robots;
mod routes;
mod scene_groups;
mod sent;
pub(crate) mod session;
mod todos;
mod tokens;
mod workflow;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State as Extracted};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, Limited};
use serde_json::Value;
use simulator_stage::mishap::{self, After, Before};
use simulator_stage::query;

use crate::faults::Fault;
use crate::limits::REQUEST_BYTES_MAX;
use crate::refusal::{Generation, Refusal, Trouble};
use crate::simulator::Shared;
use crate::state::State;
use reading::Call;

/// For how long an answer is held back unless the fault says so, in milliseconds.
const HELD_MS: u64 = 300;

/// What a handler answers: the bare result of the new API, the fields beside `errcode` of the old one.
pub(crate) type Outcome = Result<Value, Refusal>;
pub(crate) type Handler = fn(&mut State, &Call) -> Outcome;

/// Serves one request of the new API.
pub(crate) async fn serve_new(shared: Extracted<Arc<Shared>>, request: Request) -> Response {
    serve(shared.0, request, Generation::New).await
}

/// Serves one request of the old API.
pub(crate) async fn serve_old(shared: Extracted<Arc<Shared>>, request: Request) -> Response {
    serve(shared.0, request, Generation::Old).await
}

async fn serve(shared: Arc<Shared>, request: Request, generation: Generation) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let request_id = shared.state.lock().stage.chance.id("", 32).to_uppercase();
    let Ok(body) = Limited::new(body, REQUEST_BYTES_MAX).collect().await else {
        return envelope::status(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let segments: Vec<String> = path.trim_matches('/').split('/').map(query::decoded).collect();
    let Some(route) = routes::find(generation, &parts.method, &segments) else {
        return envelope::status(StatusCode::NOT_FOUND);
    };
    if let Some(response) = strike(&shared, &path, generation, &request_id).await {
        return response;
    }
    let Some(mut call) = Call::read(segments, &parts, body.to_bytes()).await else {
        return envelope::status(StatusCode::BAD_REQUEST);
    };
    let (outcome, loss, held_ms) = {
        let state = &mut *shared.state.lock();
        let outcome = authorise(state, route, &path, &mut call).and_then(|()| (route.handler)(state, &call));
        (outcome, loss(state, &path), held_ms(state, route))
    };
    if let Some(held_ms) = held_ms {
        tokio::time::sleep(Duration::from_millis(held_ms)).await;
    }
    let response = match outcome {
        Ok(value) => envelope::answered(value, generation, &request_id),
        Err(refusal) => envelope::refused(&refusal, generation, &request_id),
    };
    match loss {
        None => response,
        Some(Loss::OnTheWay(after)) => after.lose(response).await,
        Some(Loss::TimedOut) => {
            let refusal = Refusal::common(Trouble::TimedOut, generation);
            envelope::refused(&refusal, generation, &request_id)
        }
    }
}

/// The faults that strike before anything is done.
pub(crate) async fn strike(
    shared: &Shared,
    path: &str,
    generation: Generation,
    request_id: &str,
) -> Option<Response> {
    match mishap::before(shared, path).await {
        Some(Before::Broken) => return Some(mishap::broken(Bytes::new())),
        Some(Before::Status(status)) => return Some(envelope::status(status)),
        None => {}
    }
    let faults = &mut shared.state.lock().stage.faults;
    if faults.take_on(Fault::ApiGarbage, path).is_some() {
        return Some(envelope::raw(StatusCode::OK, "text/html", "<html><body>403</body>".into()));
    }
    if faults.take_on(Fault::ApiBanned, path).is_some() {
        let text = r#"{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"a-b-c"}"#;
        return Some(envelope::raw(StatusCode::OK, "application/json", text.into()));
    }
    let refused = |refusal: &Refusal| Some(envelope::refused(refusal, generation, request_id));
    if let Some(value) = faults.take_on(Fault::ApiCode, path) {
        let named = value.get("code").and_then(Value::as_str);
        let status =
            value.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
        let refusal = match (value.as_str().or(named), value.as_i64()) {
            (Some(code), _) => Refusal::new(status.unwrap_or(400), code, code),
            (None, number) => Refusal::old(number.unwrap_or(-1)),
        };
        return refused(&refusal);
    }
    let troubles = [
        (Fault::ApiBusy, Trouble::Busy),
        (Fault::ApiQps, Trouble::QpsOfApp),
        (Fault::ApiQpm, Trouble::QpmOfApp),
        (Fault::ApiQpsOfAll, Trouble::Qps),
        (Fault::ApiQuotaGone, Trouble::Quota),
    ];
    let struck = troubles.into_iter().find(|(fault, _)| faults.take_on(*fault, path).is_some());
    struck.and_then(|(_, trouble)| refused(&Refusal::common(trouble, generation)))
}

/// How an answer gets lost after all was done.
enum Loss {
    OnTheWay(After),
    TimedOut,
}

fn loss(state: &mut State, path: &str) -> Option<Loss> {
    if let Some(after) = mishap::after(&mut state.stage, path) {
        return Some(Loss::OnTheWay(after));
    }
    state.stage.faults.take_on(Fault::ApiTimedOut, path).map(|_| Loss::TimedOut)
}

/// For how long the answer to what is done already is held back, so that events overtake it.
fn held_ms(state: &mut State, route: &routes::Route) -> Option<u64> {
    if route.name != "v1.0/workflow/processInstances" || route.scope != routes::APPROVAL {
        return None;
    }
    let value = state.stage.faults.take(Fault::WorkflowAnswerLate)?;
    Some(value.as_u64().unwrap_or(HELD_MS))
}

/// Whose token it is, whether the app may do this, and whether it did so too often.
fn authorise(state: &mut State, route: &routes::Route, path: &str, call: &mut Call) -> Result<(), Refusal> {
    if !route.needs_token {
        return Ok(());
    }
    let common = |trouble| Refusal::common(trouble, route.generation);
    let token = match route.generation {
        Generation::New => call.token.clone(),
        Generation::Old => call.query("access_token").to_owned(),
    };
    if state.stage.faults.take_on(Fault::ApiTokenRevoked, path).is_some() {
        state.revoke(&token);
    }
    let app = state.app_of_token(&token).ok_or_else(|| common(Trouble::Token))?;
    let may = app.scopes.as_ref().is_none_or(|scopes| route.scope.is_empty() || scopes.contains(route.scope));
    if !may {
        return Err(common(Trouble::Scope(route.scope)));
    }
    call.app.clone_from(&app.client_id);
    let per_second = state.settings.requests_per_second;
    // What is refused for its haste is not counted against the month.
    if state.stage.count(&call.app, route.name, &[(1_000, per_second)]).is_err() {
        return Err(common(Trouble::QpsOfApp));
    }
    if route.counted {
        if state.calls_left == 0 {
            return Err(common(Trouble::Quota));
        }
        state.calls_left -= 1;
    }
    Ok(())
}

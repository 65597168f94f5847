//! The API: which request is which, who may make it, what it answers, and what faults make of that.

mod appchat;
mod approvals;
pub(crate) mod archive;
pub(crate) mod authorize;
pub(crate) mod bot_files;
pub(crate) mod bot_replies;
mod calendars;
mod card;
mod content;
mod customers;
mod directory;
mod envelope;
pub(crate) mod media;
mod meetings;
mod reading;
mod rooms;
mod routes;
mod schedules;
mod send;
mod sent;
mod service;
mod service_accounts;
mod service_people;
mod sign_on;
mod tokens;
mod webhooks;

use std::sync::Arc;

use axum::extract::{Request, State as Extracted};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, Limited};
use serde_json::Value;
use simulator_stage::mishap::{self, Before};

use crate::faults::Fault;
use crate::limits::REQUEST_BYTES_MAX;
use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::state::State;
use reading::Call;
use routes::{APPROVAL, Needs, Route};

/// What a handler answers.
pub(crate) enum Reply {
    /// The fields beside errcode.
    Fields(Value),
    /// A file, or the part of it that was asked for.
    File {
        bytes: Bytes,
        name: String,
        content_type: &'static str,
        /// The first and the last byte and how many there are, where a part was asked for.
        range: Option<(usize, usize, usize)>,
        /// Whether its connection breaks in the middle.
        truncated: bool,
    },
}

impl From<Value> for Reply {
    fn from(fields: Value) -> Self {
        Self::Fields(fields)
    }
}

pub(crate) type Outcome = Result<Reply, Refusal>;
pub(crate) type Handler = fn(&mut State, &Call) -> Outcome;

/// Serves one request.
pub(crate) async fn serve(Extracted(shared): Extracted<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    // A path that nobody knows is answered with 404 and nothing else.
    let Some(route) = routes::find(&parts.method, &path) else {
        return envelope::empty(StatusCode::NOT_FOUND);
    };
    let Ok(body) = Limited::new(body, REQUEST_BYTES_MAX).collect().await else {
        return envelope::empty(StatusCode::PAYLOAD_TOO_LARGE);
    };
    match mishap::before(&*shared, &path).await {
        None => {}
        Some(Before::Broken) => return mishap::broken(Bytes::new()),
        Some(Before::Status(status)) => return envelope::empty(status),
    }
    if shared.state.lock().stage.faults.take_on(Fault::ApiGarbage, &path).is_some() {
        return envelope::garbage();
    }
    let call = Call::read(&parts, body.to_bytes()).await;
    let (response, after) = {
        let state = &mut *shared.state.lock();
        let hint = state.message_number();
        let outcome = match call {
            Some(mut call) => {
                authorise(state, route, &path, &mut call).and_then(|()| (route.handler)(state, &call))
            }
            None => Err(Refusal {
                code: 40_058,
                message: "Warning: wrong json format. invalid Request Parameter".to_owned(),
                empty: Vec::new(),
            }),
        };
        let bare = outcome.is_ok() && state.stage.faults.take_on(Fault::ApiWithoutErrcode, &path).is_some();
        (envelope::answered(outcome, &hint, bare), mishap::after(&mut state.stage, &path))
    };
    match after {
        None => response,
        Some(after) => after.lose(response).await,
    }
}

/// The faults that refuse whatever is asked for.
fn refused(state: &mut State, path: &str, token: &str) -> Result<(), Refusal> {
    let faults = &mut state.stage.faults;
    if let Some(code) = faults.take_on(Fault::ApiCode, path) {
        return Err(Refusal::new(code.as_i64().unwrap_or(-1)));
    }
    let gone = [(Fault::ApiTokenExpired, 42_001), (Fault::ApiTokenRevoked, 40_014)];
    if let Some((_, code)) = gone.into_iter().find(|(fault, _)| faults.take_on(*fault, path).is_some()) {
        state.tokens.remove(token);
        return Err(Refusal::new(code));
    }
    let codes = [
        (Fault::ApiBusy, -1),
        (Fault::ApiFrequency, 45_009),
        (Fault::ApiConcurrency, 45_033),
        (Fault::ApiAddress, 60_020),
    ];
    let struck = codes.into_iter().find(|(fault, _)| faults.take_on(*fault, path).is_some());
    struck.map_or(Ok(()), |(_, code)| Err(Refusal::new(code)))
}

/// Whose token it is, whether the app may do this, and whether it did so too often.
fn authorise(state: &mut State, route: &Route, path: &str, call: &mut Call) -> Result<(), Refusal> {
    let token = call.query("access_token").to_owned();
    refused(state, path, &token)?;
    if route.needs == Needs::Nothing {
        return Ok(());
    }
    call.agent = state.app_of(&token)?;
    let Some(app) = state.apps.get(&call.agent) else { return Err(Refusal::new(40_014)) };
    if app.disabled {
        return Err(Refusal::new(50_003));
    }
    if !app.trusted {
        return Err(Refusal::new(60_020));
    }
    let allowed = match route.needs {
        Needs::Nothing | Needs::Token => true,
        Needs::App => !app.contact_sync,
        Needs::ContactSync => app.contact_sync,
        Needs::Grant(feature) => app.granted.contains(feature),
    };
    if !allowed {
        return Err(Refusal::new(if route.needs == APPROVAL { 301_055 } else { 48_002 }));
    }
    let now = state.now_ms();
    let place = (call.agent, route.path);
    let too_often = || Refusal::new(45_009);
    if state.blocked.get(&place).is_some_and(|until| *until > now) {
        return Err(too_often());
    }
    let bounds = [(60_000, state.settings.calls_per_minute), (3_600_000, state.settings.calls_per_hour)];
    let corp_id = state.corp_id.clone();
    let approvals = [(60_000, state.settings.approvals_per_minute)];
    if route.needs == APPROVAL && state.stage.count(&corp_id, "approvals", &approvals).is_err() {
        return Err(too_often());
    }
    if state.stage.count(&corp_id, route.path, &bounds).is_err() {
        state.blocked.insert(place, now + state.settings.block_ms);
        return Err(too_often());
    }
    Ok(())
}

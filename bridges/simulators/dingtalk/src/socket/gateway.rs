//! Where to connect, and with which ticket.

use std::sync::Arc;

use axum::extract::{Request, State as Extracted};
use axum::response::Response;
use http::StatusCode;
use http::header::ACCEPT;
use http_body_util::{BodyExt as _, Limited};
use serde_json::{Value, json};

use crate::api::envelope;
use crate::chance::opaque;
use crate::faults::Fault;
use crate::limits::{FRAME_BYTES_MAX, TICKETS_MAX};
use crate::refusal::{Generation, Refusal};
use crate::simulator::Shared;
use crate::state::State;
use crate::state::apps::Ticket;

const PATH: &str = "/v1.0/gateway/connections/open";

/// Topics that one connection may name.
const TOPICS_MAX: usize = 64;

/// `POST /v1.0/gateway/connections/open`. It needs no token, and is not counted.
pub(crate) async fn open(Extracted(shared): Extracted<Arc<Shared>>, request: Request) -> Response {
    let request_id = shared.state.lock().stage.chance.id("", 32);
    if let Some(response) = crate::api::strike(&shared, PATH, Generation::New, &request_id).await {
        return response;
    }
    let accepts = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("");
    let json = accepts.contains("application/json");
    let body = Limited::new(request.into_body(), FRAME_BYTES_MAX).collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let opened = ticket(&mut shared.state.lock(), &body);
    match opened {
        Ok((endpoint, ticket)) if json => {
            envelope::json(StatusCode::OK, &json!({ "endpoint": endpoint, "ticket": ticket }), &request_id)
        }
        Ok((endpoint, ticket)) => {
            // Who does not ask for JSON gets what this gateway speaks by itself.
            let xml = format!(
                "<OpenConnectionResponse><endpoint>{endpoint}</endpoint><ticket>{ticket}</ticket></OpenConnectionResponse>"
            );
            envelope::raw(StatusCode::OK, "application/xml", xml.into())
        }
        Err(refusal) => envelope::refused(&refusal, Generation::New, &request_id),
    }
}

fn ticket(state: &mut State, body: &Value) -> Result<(String, String), Refusal> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if state.stage.faults.strikes(Fault::ConnectUnauthorised) {
        return Err(Refusal::new(401, "authFailed", "鉴权失败"));
    }
    if state.stage.faults.strikes(Fault::ConnectInvalid) {
        return Err(Refusal::new(400, "invalidParameter", "ua invalid"));
    }
    if state.stage.faults.strikes(Fault::ConnectOverloaded) {
        return Err(Refusal::new(503, "ServiceUnavailable", "service unavailable"));
    }
    let (client_id, secret) = (text("clientId"), text("clientSecret"));
    let known = state.apps.get(client_id).filter(|app| app.secret == secret && !secret.is_empty());
    let app = known.ok_or_else(|| Refusal::new(401, "authFailed", "鉴权失败"))?;
    if !app.published {
        return Err(Refusal::new(400, "invalidParameter", "the app is not published in stream mode"));
    }
    let subscriptions = body.get("subscriptions").and_then(Value::as_array);
    let topic = |one: &Value| {
        let text = |name: &str| one.get(name).and_then(Value::as_str).map(str::to_owned);
        text("type").zip(text("topic"))
    };
    let topics: Vec<(String, String)> =
        subscriptions.into_iter().flatten().filter_map(topic).take(TOPICS_MAX).collect();
    if topics.is_empty() {
        return Err(Refusal::new(400, "invalidParameter", "subscriptions invalid"));
    }
    let (app, ticket) = (app.client_id.clone(), opaque(&mut state.stage.chance, ""));
    let now = state.stage.now_ms();
    let until_ms = now + state.settings.ticket_life_ms;
    state.tickets.retain(|_, known| known.until_ms > now);
    if state.tickets.len() >= TICKETS_MAX {
        state.tickets.pop_first();
    }
    state.tickets.insert(ticket.clone(), Ticket { app, until_ms, topics });
    Ok((format!("{}/connect", state.api_url.replacen("http://", "ws://", 1)), ticket))
}

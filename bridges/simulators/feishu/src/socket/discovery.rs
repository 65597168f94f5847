//! Where to connect.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State as Extracted};
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, Limited};
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::limits::{FRAME_BYTES_MAX, TICKETS_MAX};
use crate::simulator::Shared;
use crate::state::State;

/// Connections of one app.
const CONNECTIONS_MAX: usize = 50;
const AUTHENTICATION_FAILED: i64 = 514;
const TOO_MANY_CONNECTIONS: i64 = 1_000_040_350;

fn refused(code: i64, text: &str) -> Response {
    Json(json!({ "code": code, "msg": text, "data": null })).into_response()
}

/// What clients are told about pings and reconnecting, in seconds.
pub(super) fn client_config(state: &State) -> Value {
    json!({
        "ReconnectCount": -1,
        "ReconnectInterval": state.settings.reconnect_interval_s,
        "ReconnectNonce": state.settings.reconnect_nonce_s,
        "PingInterval": state.settings.ping_interval_s,
    })
}

/// `POST /callback/ws/endpoint`.
pub(crate) async fn discover(Extracted(shared): Extracted<Arc<Shared>>, request: Request) -> Response {
    if let Some(response) = crate::api::strike(&shared, "/callback/ws/endpoint", "").await {
        return response;
    }
    let body = Limited::new(request.into_body(), FRAME_BYTES_MAX).collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let (app_id, secret) = (text("AppID"), text("AppSecret"));
    let state = &mut *shared.state.lock();
    if let Some(code) = state.stage.faults.take(Fault::ConnectCode) {
        return refused(code.as_i64().unwrap_or(1), "system busy");
    }
    if state.stage.faults.strikes(Fault::ConnectDataNull) {
        return refused(0, "");
    }
    let known = state.apps.get(app_id).filter(|app| app.secret == secret && !secret.is_empty());
    if known.is_none_or(|app| app.disabled) {
        return refused(AUTHENTICATION_FAILED, "auth failed");
    }
    if shared.hub.count(app_id) >= CONNECTIONS_MAX {
        return refused(TOO_MANY_CONNECTIONS, "the number of connections exceeded the limit");
    }
    let ticket = state.stage.chance.id("", 32);
    let access_key = state.stage.chance.id("", 32);
    let device_id = state.stage.chance.below(1 << 40);
    let service_id = 33_554_432 + state.stage.chance.below(1 << 20);
    let url = format!(
        "ws://{}/ws/v2?fpid=493&aid=552564&device_id={device_id}&access_key={access_key}&service_id={service_id}&ticket={ticket}",
        shared.api_address
    );
    if state.tickets.len() >= TICKETS_MAX {
        state.tickets.pop_first();
    }
    state.tickets.insert(ticket, app_id.to_owned());
    Json(json!({ "code": 0, "msg": "", "data": { "URL": url, "ClientConfig": client_config(state) } }))
        .into_response()
}

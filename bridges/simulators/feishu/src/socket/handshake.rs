//! The upgrade to a WebSocket, which a ticket allows once.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State as Extracted};
use axum::response::Response;
use http::{HeaderValue, StatusCode};
use serde_json::Value;
use simulator_stage::{Connection, query, upgrade};

use super::session;
use crate::faults::Fault;
use crate::simulator::Shared;

fn refused(status: i64, message: &'static str, code: i64) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response.headers_mut().insert("Handshake-Status", HeaderValue::from(status));
    response.headers_mut().insert("Handshake-Msg", HeaderValue::from_static(message));
    response.headers_mut().insert("Handshake-Autherrcode", HeaderValue::from(code));
    response
}

/// `GET /ws/v2`.
pub(crate) async fn connect(Extracted(shared): Extracted<Arc<Shared>>, mut request: Request) -> Response {
    let pairs = query::pairs(request.uri().query().unwrap_or(""));
    let value = |wanted: &str| {
        pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let app = {
        let state = &mut *shared.state.lock();
        if let Some(fault) = state.stage.faults.take(Fault::ConnectRefused) {
            let number = |name: &str, missing| fault.get(name).and_then(Value::as_i64).unwrap_or(missing);
            return refused(number("status", 514), "refused", number("autherrcode", 1_000_040_350));
        }
        state.tickets.remove(&value("ticket"))
    };
    let Some(app) = app else { return refused(514, "invalid ticket", 1_000_040_344) };
    let Some((response, upgraded)) = upgrade(&mut request) else {
        return refused(400, "not a WebSocket", 0);
    };
    let service_id = value("service_id").parse().unwrap_or(0);
    let (connection, waiting) = Connection::new(value("device_id"), service_id);
    tokio::spawn(async move {
        let Some(socket) = upgraded.await else { return };
        let id = connection.id.clone();
        shared.hub.add(&app, connection);
        session::run(&shared, socket, waiting).await;
        shared.hub.remove(&app, &id);
    });
    response
}

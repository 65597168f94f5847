//! The upgrade to a WebSocket, which a ticket allows once.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State as Extracted};
use axum::response::Response;
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use http::{HeaderValue, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::{Connection, session};
use crate::faults::Fault;
use crate::limits::{FRAME_BYTES_MAX, FRAMES_WAITING_MAX};
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
    let query = crate::api::pairs(request.uri().query().unwrap_or(""));
    let value = |wanted: &str| {
        query.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let app = {
        let state = &mut *shared.state.lock();
        if let Some(fault) = state.faults.take(Fault::ConnectRefused) {
            let number = |name: &str, missing| fault.get(name).and_then(Value::as_i64).unwrap_or(missing);
            return refused(number("status", 514), "refused", number("autherrcode", 1_000_040_350));
        }
        state.tickets.remove(&value("ticket"))
    };
    let Some(app) = app else { return refused(514, "invalid ticket", 1_000_040_344) };
    let Some(key) = request.headers().get(SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes()))
    else {
        return refused(400, "not a WebSocket", 0);
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let (connection_id, service_id) = (value("device_id"), value("service_id").parse().unwrap_or(0));
    let shared = shared.clone();
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let config = WebSocketConfig::default()
            .max_message_size(Some(FRAME_BYTES_MAX))
            .max_frame_size(Some(FRAME_BYTES_MAX));
        let socket =
            WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        let (outgoing, waiting) = mpsc::channel(FRAMES_WAITING_MAX);
        shared.hub.add(&app, Connection { id: connection_id.clone(), service_id, outgoing });
        session::run(&shared, socket, waiting).await;
        shared.hub.remove(&app, &connection_id);
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(key) = HeaderValue::from_str(&key) {
        response.headers_mut().insert(SEC_WEBSOCKET_ACCEPT, key);
    }
    response
}

//! The upgrade to a WebSocket, which a ticket allows once.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State as Extracted};
use axum::response::Response;
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use http::{HeaderValue, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::{Connection, session};
use crate::api::reading::pairs;
use crate::faults::Fault;
use crate::limits::{FRAME_BYTES_MAX, FRAMES_WAITING_MAX};
use crate::simulator::Shared;
use crate::state::State;
use crate::state::apps::Ticket;

fn answer(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// What a ticket is worth; it is worth nothing afterwards.
fn redeem(state: &mut State, ticket: &str) -> Option<Ticket> {
    if state.faults.strikes(Fault::ConnectRefused) {
        return None;
    }
    let now = state.now_ms();
    state.tickets.remove(ticket).filter(|ticket| ticket.until_ms > now)
}

/// `GET /connect?ticket=..`.
pub(crate) async fn connect(Extracted(shared): Extracted<Arc<Shared>>, mut request: Request) -> Response {
    let query = pairs(request.uri().query().unwrap_or(""));
    let ticket = query.into_iter().find(|(name, _)| name == "ticket").map(|(_, value)| value);
    let ticket = redeem(&mut shared.state.lock(), &ticket.unwrap_or_default());
    let Some(ticket) = ticket else { return answer(StatusCode::UNAUTHORIZED) };
    let Some(key) = request.headers().get(SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes()))
    else {
        return answer(StatusCode::BAD_REQUEST);
    };
    let upgrade = hyper::upgrade::on(&mut request);
    // Who reads that the connection stands is connected: what is pushed from then on waits for the socket.
    let (outgoing, waiting) = mpsc::channel(FRAMES_WAITING_MAX);
    let id = shared.state.lock().chance.digits();
    shared.hub.add(&ticket.app, Connection { id: id.clone(), topics: ticket.topics, outgoing });
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            let config = WebSocketConfig::default()
                .max_message_size(Some(FRAME_BYTES_MAX))
                .max_frame_size(Some(FRAME_BYTES_MAX));
            let upgraded = TokioIo::new(upgraded);
            let socket = WebSocketStream::from_raw_socket(upgraded, Role::Server, Some(config)).await;
            session::run(&shared, socket, waiting).await;
        }
        shared.hub.remove(&ticket.app, &id);
    });
    let mut response = answer(StatusCode::SWITCHING_PROTOCOLS);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(key) = HeaderValue::from_str(&key) {
        response.headers_mut().insert(SEC_WEBSOCKET_ACCEPT, key);
    }
    response
}

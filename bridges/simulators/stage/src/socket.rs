//! The upgrade of a request to a WebSocket.

use std::future::Future;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use http::{HeaderValue, StatusCode};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::limits::FRAME_BYTES_MAX;

/// A WebSocket on the platform's side.
pub type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The answer that upgrades a request, and the socket that comes of it; nothing when the request asks for none.
pub fn upgrade(
    request: &mut Request,
) -> Option<(Response, impl Future<Output = Option<Socket>> + Send + use<>)> {
    let key = derive_accept_key(request.headers().get(SEC_WEBSOCKET_KEY)?.as_bytes());
    let upgrade = hyper::upgrade::on(request);
    let socket = async move {
        let upgraded = TokioIo::new(upgrade.await.ok()?);
        let config = WebSocketConfig::default()
            .max_message_size(Some(FRAME_BYTES_MAX))
            .max_frame_size(Some(FRAME_BYTES_MAX));
        Some(WebSocketStream::from_raw_socket(upgraded, Role::Server, Some(config)).await)
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, HeaderValue::from_str(&key).ok()?);
    Some((response, socket))
}

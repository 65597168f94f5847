//! The upgrade of a request to a WebSocket, and a WebSocket that nobody reads.

use std::future::Future;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use http::{HeaderValue, StatusCode};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt as _;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::limits::FRAME_BYTES_MAX;

/// Bytes that are thrown away at a time.
const UNREAD_BYTES: usize = 1_024;

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

/// Returns when the other side of a socket is gone. What it says is thrown away unread, so that not even its pings are answered.
pub async fn gone(socket: &mut Socket) {
    let mut unread = [0; UNREAD_BYTES];
    while socket.get_mut().read(&mut unread).await.is_ok_and(|count| count > 0) {}
}

//! What the tests of simulators ask with: a clock that they own, one request, one socket. Knows no platform.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;

use crate::stage::Now;

/// Where [`clock`] begins, in milliseconds since the Unix epoch.
pub const START_MS: u64 = 1_800_000_000_000;

/// A clock that goes on a millisecond with each look, so nothing hangs on the speed of the machine.
pub fn clock() -> Now {
    let now = Arc::new(AtomicU64::new(START_MS));
    Arc::new(move || now.fetch_add(1, Ordering::Relaxed))
}

/// Any request: HTTP status, headers and body of the answer.
///
/// # Errors
/// A connection that breaks.
pub async fn request(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Result<(u16, HeaderMap, Bytes), String> {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body)).map_err(|error| error.to_string())?;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.request(request).await.map_err(|error| error.to_string())?;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.map_err(|error| error.to_string())?;
    Ok((parts.status.as_u16(), parts.headers, body.to_bytes()))
}

/// The body of a request in JSON; null is none.
pub fn body(value: &Value) -> Bytes {
    if value.is_null() { Bytes::new() } else { value.to_string().into() }
}

/// Opens a WebSocket by its `ws://` address; nothing when it is refused.
pub async fn dial(url: &str) -> Option<WebSocketStream<TcpStream>> {
    let address = url.strip_prefix("ws://")?.split('/').next()?;
    let stream = TcpStream::connect(address).await.ok()?;
    let (socket, _) = tokio_tungstenite::client_async(url, stream).await.ok()?;
    Some(socket)
}

/// Returns when so many lines of the record of deliveries have an outcome that begins so.
pub async fn fared(deliveries: impl AsyncFn() -> Value, outcome: &str, count: usize) {
    loop {
        let lines = deliveries().await;
        let outcomes = lines.as_array().into_iter().flatten().filter_map(|line| line["outcome"].as_str());
        if outcomes.filter(|known| known.starts_with(outcome)).count() >= count {
            return;
        }
        tokio::task::yield_now().await;
    }
}

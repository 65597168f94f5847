//! The address of a webhook: requests of the platform become calls of the connector.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use bridge_api::limits::CALLBACK_BYTES_MAX;
use bridge_api::{CallbackRequest, Connector};
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::MemoryInbox;

/// Who answers, and where it hands in.
#[derive(Clone)]
pub(crate) struct Behind {
    pub(crate) connector: Arc<Mutex<Arc<dyn Connector>>>,
    pub(crate) inbox: Arc<MemoryInbox>,
}

/// Opens the address on loopback.
pub(crate) async fn open(behind: Behind) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}/callback", listener.local_addr().expect("it listens"));
    let router = Router::new().fallback(answer).with_state(behind);
    let task = tokio::spawn(async move {
        axum::serve(listener, router).await.expect("it serves until the case ends");
    });
    (url, task)
}

async fn answer(State(behind): State<Behind>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, CALLBACK_BYTES_MAX).await.unwrap_or_else(|_| Bytes::new());
    let headers = parts.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let request = CallbackRequest {
        method: parts.method.as_str().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body,
    };
    let connector = behind.connector.lock().clone();
    let callbacks = connector.callbacks().expect("a connector for callbacks has them");
    let answer = callbacks.call(request, &*behind.inbox).await;
    let status = axum::http::StatusCode::from_u16(answer.status).expect("a status of HTTP");
    (status, [("content-type", answer.content_type)], answer.body).into_response()
}

//! The upgrade to a WebSocket, which anybody may ask for; who they are they say afterwards.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State as Extracted};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::session;
use crate::faults::Fault;
use crate::simulator::Shared;

/// `GET /`.
pub(crate) async fn connect(Extracted(shared): Extracted<Arc<Shared>>, mut request: Request) -> Response {
    if shared.state.lock().stage.faults.strikes(Fault::SocketRefused) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let Some((response, socket)) = simulator_stage::upgrade(&mut request) else {
        return (StatusCode::NOT_FOUND, Body::empty()).into_response();
    };
    tokio::spawn(async move {
        if let Some(socket) = socket.await {
            session::run(&shared, socket).await;
        }
    });
    response
}

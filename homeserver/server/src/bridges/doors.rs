//! What platforms ask: webhooks and the buttons of cards, each at a path of its own.

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, RawQuery, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::any,
};
use bridge_api::{
    CallbackRequest, Network,
    limits::{CALLBACK_BYTES_MAX, CALLBACK_TIME_MAX},
};
use bridge_core::Bridges;

/// Where platforms ask.
pub(super) const PATHS: &[&str] = &["/_lianqiao/bridge/"];

/// The doors of all platforms.
pub(super) fn router(bridges: &Bridges) -> Router {
    Router::new()
        .route("/_lianqiao/bridge/{network}", any(call))
        .layer(DefaultBodyLimit::max(CALLBACK_BYTES_MAX))
        .with_state(bridges.clone())
}

async fn call(
    State(bridges): State<Bridges>,
    Path(network): Path<String>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(network) = Network::ALL.into_iter().find(|known| known.key() == network) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(connector) = bridges.connector(network) else { return StatusCode::NOT_FOUND.into_response() };
    let Some(callbacks) = connector.callbacks() else { return StatusCode::NOT_FOUND.into_response() };
    let headers = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let request =
        CallbackRequest { method: method.to_string(), query: query.unwrap_or_default(), headers, body };
    let inbox = bridges.inbox(network);
    match tokio::time::timeout(CALLBACK_TIME_MAX, callbacks.call(request, &*inbox)).await {
        Ok(answer) => {
            let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, [(header::CONTENT_TYPE, answer.content_type)], answer.body).into_response()
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

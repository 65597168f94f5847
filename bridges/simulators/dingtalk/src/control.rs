//! The control API and the page: `POST /do` with one command, `GET /` for people.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State as Extracted};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::command::{Command, act};
use crate::limits::REQUEST_BYTES_MAX;
use crate::simulator::Shared;

const PAGE: &str = include_str!("page.html");
/// Everything on the page is in the page; what people write is only ever put in as text.
const POLICY: &str =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'";

/// The routes of the control port.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/do", post(do_it))
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .with_state(shared)
}

async fn page() -> Response {
    ([("Content-Security-Policy", POLICY), ("X-Content-Type-Options", "nosniff")], Html(PAGE)).into_response()
}

/// JSON alone is taken, so that no page of another origin can send a command; and only under a name of this machine,
/// so that no other name can be made to point here.
async fn do_it(
    Extracted(shared): Extracted<Arc<Shared>>,
    headers: HeaderMap,
    Json(command): Json<Command>,
) -> Response {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !["127.0.0.1", "localhost"].contains(&name) {
        return StatusCode::FORBIDDEN.into_response();
    }
    match act(&shared, command).await {
        Ok(answer) => Json(answer).into_response(),
        Err(refusal) => {
            let body = json!({ "code": refusal.code, "msg": refusal.message });
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    }
}

//! The control port: `POST /do` with one command, and the page for people.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State as Extracted};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::limits::COMMAND_BYTES_MAX;
use crate::order::Order;
use crate::page;
use crate::play::{Play, Refused};

/// The routes of the control port.
pub(crate) fn router<P: Play>(play: Arc<P>) -> Router {
    let pages = page::FILES.into_iter().fold(Router::new(), |router, (path, content_type, text)| {
        router.route(path, get(move || async move { page::file(content_type, text) }))
    });
    pages
        .route("/page.json", get(|| async { Json(P::PAGE) }))
        .route("/do", post(do_it::<P>))
        .layer(DefaultBodyLimit::max(COMMAND_BYTES_MAX))
        .with_state(play)
}

/// JSON alone is taken, so that no page of another origin can send a command; and only under a name of this machine,
/// so that no other name can be made to point here.
async fn do_it<P: Play>(
    Extracted(play): Extracted<Arc<P>>,
    headers: HeaderMap,
    Json(command): Json<Value>,
) -> Response {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !["127.0.0.1", "localhost"].contains(&name) {
        return StatusCode::FORBIDDEN.into_response();
    }
    match perform(&play, command).await {
        Ok(answer) => Json(answer).into_response(),
        Err(refused) => {
            let body = json!({ "code": refused.code, "msg": refused.message });
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    }
}

/// Does one command.
pub(crate) async fn perform<P: Play>(play: &Arc<P>, command: Value) -> Result<Value, Refused> {
    let unread = |error: serde_json::Error| Refused { code: Value::Null, message: error.to_string() };
    if Order::is_one(&command) {
        let order: Order = serde_json::from_value(command).map_err(unread)?;
        return order.carry_out(&**play);
    }
    let command: P::Command = serde_json::from_value(command).map_err(unread)?;
    play.act(command).await.map_err(Into::into)
}

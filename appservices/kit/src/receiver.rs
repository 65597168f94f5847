//! What the homeserver asks the bots: here is a transaction, are you there, do you know this user?
//!
//! [Specification](https://spec.matrix.org/v1.19/application-service-api/#server-to-application-service-api)

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{StatusCode, header::AUTHORIZATION},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{get, post, put},
};
use ruma::UserId;
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use crate::{
    Kit,
    limits::{
        QUESTION_BYTES_MAX, QUESTIONS_AT_ONCE_MAX, RECEIVER_REQUESTS_MAX, RECEIVER_TIME_MAX,
        TRANSACTION_BYTES_MAX, TRANSACTION_ID_BYTES_MAX,
    },
    transaction::Untaken,
};

#[derive(Clone)]
struct Receiver {
    kit: Kit,
    hs_token: std::sync::Arc<str>,
    /// Requests that are read at once; each may hold a whole transaction.
    places: std::sync::Arc<tokio::sync::Semaphore>,
}

impl Kit {
    /// The routes that the homeserver asks, for whoever shows `hs_token`; and `/health`, for anybody.
    pub fn router(&self, hs_token: &str) -> Router {
        self.router_with(hs_token, Router::new())
    }

    /// The same, with routes on which bots answer further questions of the homeserver. What it asks there for others takes no
    /// place of its transactions.
    pub fn router_with(&self, hs_token: &str, questions: Router) -> Router {
        let with_places = |places: usize| Receiver {
            kit: self.clone(),
            hs_token: hs_token.into(),
            places: std::sync::Arc::new(tokio::sync::Semaphore::new(places)),
        };
        let receiver = with_places(RECEIVER_REQUESTS_MAX);
        let asking = from_fn_with_state(with_places(QUESTIONS_AT_ONCE_MAX), admitted);
        let questions = questions.layer(DefaultBodyLimit::max(QUESTION_BYTES_MAX)).layer(asking);
        Router::new()
            .route("/_matrix/app/v1/transactions/{id}", put(transaction))
            .route("/_matrix/app/v1/ping", post(ping))
            .route("/_matrix/app/v1/users/{user}", get(user))
            .layer(DefaultBodyLimit::max(TRANSACTION_BYTES_MAX))
            .fallback(unknown)
            .layer(from_fn_with_state(receiver.clone(), admitted))
            .route("/health", get(health))
            .with_state(receiver)
            .merge(questions)
    }
}

/// Lets the homeserver in, a few requests at once, each for a bounded time.
async fn admitted(State(receiver): State<Receiver>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(token) = shown.and_then(|value| value.strip_prefix("Bearer ")) else {
        return refused(StatusCode::UNAUTHORIZED, "M_MISSING_TOKEN", "Authorization: Bearer is missing");
    };
    if !bool::from(token.as_bytes().ct_eq(receiver.hs_token.as_bytes())) {
        return refused(StatusCode::FORBIDDEN, "M_FORBIDDEN", "The token is not the hs_token of the bots");
    }
    let Ok(_place) = receiver.places.try_acquire() else {
        return refused(StatusCode::SERVICE_UNAVAILABLE, "M_UNKNOWN", "Too many requests at once");
    };
    match tokio::time::timeout(RECEIVER_TIME_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_) => refused(StatusCode::REQUEST_TIMEOUT, "M_UNKNOWN", "The request took too long"),
    }
}

async fn transaction(State(receiver): State<Receiver>, Path(id): Path<String>, body: Bytes) -> Response {
    if id.len() > TRANSACTION_ID_BYTES_MAX {
        return refused(StatusCode::BAD_REQUEST, "M_INVALID_PARAM", "The transaction id is too long");
    }
    match receiver.kit.take(&id, &body).await {
        Ok(()) => Json(json!({})).into_response(),
        Err(error @ (Untaken::Unreadable(_) | Untaken::TooMany)) => {
            refused(StatusCode::BAD_REQUEST, "M_BAD_JSON", &error.to_string())
        }
        Err(error @ (Untaken::Full | Untaken::Store(_))) => {
            tracing::warn!(%error, id, "a transaction is not taken; the homeserver keeps it");
            refused(StatusCode::SERVICE_UNAVAILABLE, "M_UNKNOWN", "The bots cannot take it now")
        }
    }
}

async fn ping() -> Json<Value> {
    Json(json!({}))
}

/// Bots are made at the start, so whoever is not made by now is not one.
async fn user(State(receiver): State<Receiver>, Path(user): Path<String>) -> Response {
    let known = UserId::parse(&user).is_ok_and(|user| receiver.kit.is_ours(&user));
    if known { Json(json!({})).into_response() } else { unknown().await }
}

async fn health(State(receiver): State<Receiver>) -> Response {
    let health = receiver.kit.health().await;
    let status = if health.is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health)).into_response()
}

async fn unknown() -> Response {
    refused(StatusCode::NOT_FOUND, "M_NOT_FOUND", "The bots do not know that")
}

fn refused(status: StatusCode, code: &str, error: &str) -> Response {
    (status, Json(json!({ "errcode": code, "error": error }))).into_response()
}

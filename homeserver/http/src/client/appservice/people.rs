//! What requests of services that look after people have alike: who may make them, how they are read, what failed for one person.

use axum::extract::{FromRequestParts as _, RawPathParams, Request};
use ruma::UserId;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    App, Caller, MatrixError,
    extract::{read_body, required},
    limits::JSON_BODY_BYTES_MAX,
};

/// Who asks, and for what.
pub(super) async fn asked<T: DeserializeOwned>(
    app: &App,
    request: Request,
) -> Result<(Caller, T), MatrixError> {
    let (parts, body) = request.into_parts();
    let caller = required(&parts, app).await?;
    check(&caller)?;
    let body = read_body(app, &parts.headers, body, JSON_BODY_BYTES_MAX).await?;
    let asked = serde_json::from_slice(&body).map_err(|error| MatrixError::bad_json(error.to_string()))?;
    Ok((caller, asked))
}

/// Who asks, and what the path names, in its order.
pub(super) async fn named(app: &App, request: Request) -> Result<(Caller, Vec<String>), MatrixError> {
    let (mut parts, _) = request.into_parts();
    let caller = required(&parts, app).await?;
    check(&caller)?;
    let arguments = RawPathParams::from_request_parts(&mut parts, app)
        .await
        .map_err(|_| MatrixError::invalid_param("The path is not valid UTF-8"))?;
    Ok((caller, arguments.iter().map(|(_, value)| value.to_owned()).collect()))
}

/// The answer about somebody for whom it failed, or was not finished: the service asks again.
pub(super) fn later(user: &UserId, error: &MatrixError) -> Value {
    tracing::warn!(?error, %user, "what a service that looks after people asked for somebody could not be done");
    json!({ "user_id": user, "refused": "later" })
}

/// Refuses everybody but a service that looks after people, as one of its own users.
fn check(caller: &Caller) -> Result<(), MatrixError> {
    if super::service(caller)?.looks_after_people && !caller.is_spoken_for() {
        return Ok(());
    }
    Err(MatrixError::forbidden(
        "The registration does not say that the application service looks after people (lianqiao.looks_after_people)",
    ))
}

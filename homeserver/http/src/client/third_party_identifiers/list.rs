//! `GET /_matrix/client/v3/account/3pid`

use axum::{Json, extract::State};
use ruma::api::client::account::get_3pids::v3::Request;
use serde_json::{Value, json};

use crate::{App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3account3pid)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, .. }: Authed<Request>,
) -> Result<Json<Value>, MatrixError> {
    let addresses = app.accounts.addresses(&caller.user).await?;
    let written = addresses.iter().map(|own| {
        json!({
            "medium": "email",
            "address": own.address,
            "validated_at": own.validated_ms,
            "added_at": own.added_ms,
        })
    });
    Ok(Json(json!({ "threepids": written.collect::<Vec<_>>() })))
}

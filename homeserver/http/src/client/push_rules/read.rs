//! `GET /_matrix/client/v3/pushrules/` and `…/pushrules/global/`

use axum::{Json, extract::State};
use ruma::api::client::push::{
    get_pushrules_all::v3::Request as AllRequest, get_pushrules_global_scope::v3::Request as GlobalRequest,
};
use serde_json::{Value, value::RawValue};

use crate::{App, Authed, JsonBytes, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushrules)
pub async fn all(
    State(app): State<App>,
    Authed { caller, .. }: Authed<AllRequest>,
) -> Result<JsonBytes, MatrixError> {
    let content = content(&app, &caller.user).await?;
    Ok(JsonBytes(String::from(Box::<str>::from(content)).into()))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushrulesglobal)
pub async fn global(
    State(app): State<App>,
    Authed { caller, .. }: Authed<GlobalRequest>,
) -> Result<Json<Value>, MatrixError> {
    let mut content: Value = serde_json::from_str(content(&app, &caller.user).await?.get())
        .map_err(|error| MatrixError::internal("read push rules", error))?;
    Ok(Json(content.get_mut("global").map(Value::take).unwrap_or_default()))
}

/// The account data `m.push_rules` has the very form of the answer.
async fn content(app: &App, user: &ruma::UserId) -> Result<Box<RawValue>, MatrixError> {
    let content = app.accounts.account_data(app.accounts.reader(), user, None, "m.push_rules").await?;
    content.ok_or_else(|| MatrixError::not_found("There are no push rules"))
}

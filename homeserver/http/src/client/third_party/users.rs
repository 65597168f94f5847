//! `GET /_matrix/client/v3/thirdparty/user` and `…/user/{protocol}`

use std::collections::BTreeMap;

use appservice::ThirdParty;
use axum::{Json, extract::State};
use ruma::api::client::thirdparty::{get_user_for_protocol, get_user_for_user_id};
use serde_json::Value;

use super::results;
use crate::{App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3thirdpartyuserprotocol)
pub async fn of_protocol(
    State(app): State<App>,
    Authed { request, .. }: Authed<get_user_for_protocol::v3::Request>,
) -> Result<Json<Value>, MatrixError> {
    let what = ThirdParty::Users(&request.protocol);
    results(&app, Some(&request.protocol), what, request.fields).await.map(Json)
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3thirdpartyuser)
pub async fn of_user(
    State(app): State<App>,
    Authed { request, .. }: Authed<get_user_for_user_id::v3::Request>,
) -> Result<Json<Value>, MatrixError> {
    let fields = BTreeMap::from([("userid".to_owned(), request.userid.to_string())]);
    match results(&app, None, ThirdParty::UserOf, fields).await? {
        Value::Array(found) if found.is_empty() => {
            Err(MatrixError::not_found("The user is nobody of a third-party network"))
        }
        found => Ok(Json(found)),
    }
}

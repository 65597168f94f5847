//! `GET /_matrix/client/v3/thirdparty/location` and `…/location/{protocol}`

use std::collections::BTreeMap;

use appservice::ThirdParty;
use axum::{Json, extract::State};
use ruma::api::client::thirdparty::{get_location_for_protocol, get_location_for_room_alias};
use serde_json::Value;

use super::results;
use crate::{App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3thirdpartylocationprotocol)
pub async fn of_protocol(
    State(app): State<App>,
    Authed { request, .. }: Authed<get_location_for_protocol::v3::Request>,
) -> Result<Json<Value>, MatrixError> {
    let what = ThirdParty::Locations(&request.protocol);
    results(&app, Some(&request.protocol), what, request.fields).await.map(Json)
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3thirdpartylocation)
pub async fn of_alias(
    State(app): State<App>,
    Authed { request, .. }: Authed<get_location_for_room_alias::v3::Request>,
) -> Result<Json<Value>, MatrixError> {
    let fields = BTreeMap::from([("alias".to_owned(), request.alias.to_string())]);
    match results(&app, None, ThirdParty::LocationOf, fields).await? {
        Value::Array(found) if found.is_empty() => {
            Err(MatrixError::not_found("The alias names no place in a third-party network"))
        }
        found => Ok(Json(found)),
    }
}

//! `GET /_matrix/client/v3/profile/{userId}/{keyName}`

use axum::{Json, extract::State};
use ruma::{UserId, api::client::profile::get_profile_field::v3::Request};
use serde_json::{Map, Value};

use crate::{Action, App, MatrixError, Public, extract::Raw};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3profileuseridkeyname)
pub async fn handler(
    State(app): State<App>,
    Public { client, request }: Public<Raw<Request>>,
) -> Result<Json<Map<String, Value>>, MatrixError> {
    let user =
        UserId::parse(request.argument(0)).map_err(|error| MatrixError::invalid_param(error.to_string()))?;
    let key = request.argument(1);
    let mut fields = if app.accounts.is_local(&user) {
        app.services.has_user(&user).await?;
        let profile = app.accounts.profile(app.accounts.reader(), &user).await?;
        profile.ok_or_else(|| MatrixError::not_found("There is no such profile"))?.fields
    } else {
        // Anybody may ask, and each question goes to a server that the asker names.
        app.limits.address(client.address, Action::Other)?;
        app.federation.profile_of(&user, Some(key)).await?
    };
    let value = fields.remove(key);
    let value = value.ok_or_else(|| MatrixError::not_found("The profile has no such field"))?;
    Ok(Json(Map::from_iter([(key.to_owned(), value)])))
}

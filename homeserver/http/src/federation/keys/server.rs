//! `GET /_matrix/key/v2/server`

use axum::extract::State;
use ruma::api::federation::discovery::get_server_keys::v2::Request;

use super::json;
use crate::{App, JsonBytes, MatrixError, Public};

/// The keys of this server. Old servers name a key in the path; they get all keys as well.
pub async fn handler(State(app): State<App>, _: Public<Request>) -> Result<JsonBytes, MatrixError> {
    let published = app.federation.ring().published();
    let published = published.map_err(|error| MatrixError::internal("sign own keys", error))?;
    Ok(JsonBytes(json(&published)?.into()))
}

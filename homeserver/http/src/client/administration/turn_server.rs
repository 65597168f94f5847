//! `GET /_matrix/client/v3/voip/turnServer`

use axum::extract::State;
use ruma::api::client::voip::get_turn_server_info::v3::Request;
use serde_json::json;

use crate::{App, GuestAllowed, JsonBytes, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3voipturnserver).
/// Without a TURN server the answer is empty, which tells clients to try without one.
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, .. }: GuestAllowed<Request>,
) -> Result<JsonBytes, MatrixError> {
    let found = app.administration.turn_credentials(&app.turn, &caller.user, caller.is_guest);
    let answer = match found {
        Some(found) => json!({
            "username": found.username,
            "password": found.password,
            "uris": found.uris,
            "ttl": found.lifetime_seconds,
        }),
        None => json!({}),
    };
    Ok(JsonBytes(answer.to_string().into()))
}

//! `PUT /_matrix/client/v3/profile/{userId}/{keyName}`

use axum::extract::State;
use ruma::api::client::profile::set_profile_field::v3::{Request, Response};
use serde_json::{Map, Value};

use crate::{Answer, App, GuestAllowed, MatrixError, client::owner::require_owner_named, extract::Raw};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3profileuseridkeyname)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Raw<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    require_owner_named(&caller, request.argument(0))?;
    let key = request.argument(1);
    if caller.is_guest && key != "displayname" {
        return Err(MatrixError::guest_forbidden());
    }
    let mut fields: Map<String, Value> = serde_json::from_str(request.object()?.get())
        .map_err(|error| MatrixError::bad_json(error.to_string()))?;
    let value = fields.remove(key).ok_or_else(|| missing(key))?;
    app.flows.set_profile_field(&caller.user, key, Some(value)).await?;
    Ok(Answer(Response::new()))
}

fn missing(key: &str) -> MatrixError {
    // A key that is too long is answered as that, not as missing from the body.
    if key.len() > accounts::limits::PROFILE_KEY_BYTES_MAX {
        accounts::AccountError::ProfileKeyTooLarge.into()
    } else {
        MatrixError::missing_param(format!("Missing parameter: {key}"))
    }
}

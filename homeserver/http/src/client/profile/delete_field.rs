//! `DELETE /_matrix/client/v3/profile/{userId}/{keyName}`

use axum::extract::State;
use ruma::api::client::profile::delete_profile_field::v3::{Request, Response};

use crate::{Answer, App, Authed, MatrixError, client::owner::require_owner_named, extract::Raw};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3profileuseridkeyname)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Raw<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    require_owner_named(&caller, request.argument(0))?;
    app.flows.set_profile_field(&caller.user, request.argument(1), None).await?;
    Ok(Answer(Response::new()))
}

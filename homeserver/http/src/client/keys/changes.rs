//! `GET /_matrix/client/v3/keys/changes`

use axum::extract::State;
use ruma::api::client::keys::get_key_changes::v3::{Request, Response};

use crate::{Answer, App, GuestAllowed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3keyschanges)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let changes = app.sync.key_changes(&caller.user, &request.from, &request.to).await?;
    Ok(Answer(Response::new(changes.changed.into_iter().collect(), changes.left.into_iter().collect())))
}

//! `GET /_matrix/client/v3/joined_rooms`

use axum::extract::State;
use ruma::api::client::membership::joined_rooms::v3::{Request, Response};

use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3joined_rooms)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, .. }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    Ok(Answer(Response::new(app.rooms.joined_rooms(&caller.user).await?)))
}

//! `GET /_matrix/client/v3/rooms/{roomId}/aliases`

use axum::extract::State;
use ruma::api::client::room::aliases::v3::{Request, Response};

use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidaliases)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    Ok(Answer(Response::new(app.rooms.list_aliases(&caller.user, &request.room_id).await?)))
}

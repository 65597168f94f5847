//! `POST /_matrix/client/v3/rooms/{roomId}/forget`

use axum::extract::State;
use ruma::api::client::membership::forget_room::v3::{Request, Response};

use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidforget)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.rooms.forget(&request.room_id, &caller.user).await?;
    Ok(Answer(Response::new()))
}

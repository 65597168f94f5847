//! `POST /_matrix/client/v3/rooms/{roomId}/kick`

use axum::extract::State;
use ruma::api::client::membership::kick_user::v3::{Request, Response};

use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidkick)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let Request { room_id, user_id, reason, .. } = request;
    app.rooms.kick(&room_id, &caller.user, &user_id, reason.as_deref(), false).await?;
    Ok(Answer(Response::new()))
}

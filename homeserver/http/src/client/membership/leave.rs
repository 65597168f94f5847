//! `POST /_matrix/client/v3/rooms/{roomId}/leave`

use axum::extract::State;
use ruma::api::client::membership::leave_room::v3::{Request, Response};

use crate::{Answer, App, GuestAllowed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidleave)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.flows.leave_room(&request.room_id, &caller.user, request.reason.as_deref()).await?;
    Ok(Answer(Response::new()))
}

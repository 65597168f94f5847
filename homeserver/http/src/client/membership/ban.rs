//! `POST /_matrix/client/v3/rooms/{roomId}/ban`

use axum::extract::State;
use ruma::api::client::membership::ban_user::v3::{Request, Response};

use super::redacts_events;
use crate::{Answer, App, Authed, MatrixError, extract::WithBody};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidban)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<WithBody<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    let WithBody { request: Request { room_id, user_id, reason, .. }, part: body } = request;
    let redact_events = redacts_events(&body)?;
    app.rooms.ban(&room_id, &caller.user, &user_id, reason.as_deref(), redact_events).await?;
    Ok(Answer(Response::new()))
}

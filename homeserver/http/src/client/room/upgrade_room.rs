//! `POST /_matrix/client/v3/rooms/{roomId}/upgrade`

use axum::extract::State;
use flows::Upgrade;
use ruma::api::client::room::upgrade_room::v3::{Request, Response};

use crate::{Answer, App, Authed, MatrixError, rate_limits::Action};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidupgrade)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.caller(&caller, Action::CreateRoom)?;
    let Request { room_id, new_version, additional_creators, .. } = request;
    let upgrade = Upgrade { new_version, additional_creators };
    let replacement = app.flows.upgrade_room(&caller.user, &room_id, &upgrade).await?;
    Ok(Answer(Response::new(replacement)))
}

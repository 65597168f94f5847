//! `POST /_matrix/client/v3/knock/{roomIdOrAlias}`

use axum::extract::State;
use ruma::api::client::knock::knock_room::v3::{Request, Response};

use crate::{Answer, App, Authed, MatrixError, rate_limits::Action};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3knockroomidoralias)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.caller(&caller, Action::Join)?;
    let (room_id, via) = app.flows.resolve_room(&request.room_id_or_alias, request.via).await?;
    app.flows.knock(&room_id, &caller.user, &via, request.reason.as_deref()).await?;
    Ok(Answer(Response::new(room_id)))
}

//! `PUT /_matrix/client/v3/directory/room/{roomAlias}`

use axum::extract::State;
use ruma::api::client::alias::create_alias::v3::{Request, Response};

use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3directoryroomroomalias)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.services.check_alias(&request.room_alias, caller.service.as_deref())?;
    app.rooms.create_alias(&caller.user, &request.room_alias, &request.room_id).await?;
    Ok(Answer(Response::new()))
}

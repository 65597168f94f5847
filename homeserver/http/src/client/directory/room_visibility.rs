//! `GET /_matrix/client/v3/directory/list/room/{roomId}`

use axum::extract::State;
use ruma::api::client::{
    directory::get_room_visibility::v3::{Request, Response},
    room::Visibility,
};

use crate::{Answer, App, MatrixError, Public};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3directorylistroomroomid)
pub async fn handler(
    State(app): State<App>,
    Public { request, .. }: Public<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let is_public = app.rooms.is_published(&request.room_id).await?;
    Ok(Answer(Response::new(if is_public { Visibility::Public } else { Visibility::Private })))
}

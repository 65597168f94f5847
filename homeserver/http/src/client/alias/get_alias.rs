//! `GET /_matrix/client/v3/directory/room/{roomAlias}`

use axum::extract::State;
use ruma::api::client::alias::get_alias::v3::{Request, Response};

use crate::{Answer, App, MatrixError, Public};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3directoryroomroomalias)
pub async fn handler(
    State(app): State<App>,
    Public { request, .. }: Public<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let room_id = app.rooms.room_of_alias(&request.room_alias).await?;
    Ok(Answer(Response::new(room_id, vec![app.rooms.server_name().to_owned()])))
}

//! `GET /_matrix/client/v3/directory/room/{roomAlias}`

use axum::extract::State;
use ruma::api::client::alias::get_alias::v3::{Request, Response};

use crate::{Action, Answer, App, MatrixError, Public};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3directoryroomroomalias)
pub async fn handler(
    State(app): State<App>,
    Public { client, request }: Public<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let alias = &request.room_alias;
    if alias.server_name() != app.settings.server_name {
        // Anybody may ask, and each question goes to a server that the asker names.
        app.limits.address(client.address, Action::Other)?;
        let (room_id, servers) = app.federation.room_of_alias(alias).await?;
        return Ok(Answer(Response::new(room_id, servers)));
    }
    let room_id = app.services.room_of_alias(alias).await?;
    let servers = super::servers(&app, &room_id).await?;
    Ok(Answer(Response::new(room_id, servers)))
}

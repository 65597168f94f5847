//! `GET /_matrix/federation/v1/query/directory`

use axum::extract::State;
use ruma::api::federation::query::get_room_information::v1::{Request, Response};

use crate::{Answer, App, MatrixError, federation::Peer};

/// The room that an alias of this server stands for, and the servers to join it by.
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let unknown = || MatrixError::not_found("The alias names no room here");
    if request.room_alias.server_name() != app.settings.server_name {
        return Err(unknown());
    }
    if !app.federation.policy().terms(&origin).is_some_and(|terms| terms.directory) {
        return Err(MatrixError::forbidden("This server does not show its directory to yours"));
    }
    let room = app.services.room_of_alias(&request.room_alias).await?;
    let servers = crate::client::alias::servers(&app, &room).await?;
    Ok(Answer(Response::new(room, servers)))
}

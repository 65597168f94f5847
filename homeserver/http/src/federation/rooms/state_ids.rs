//! `GET /_matrix/federation/v1/state_ids/{roomId}`

use axum::extract::State;
use ruma::api::federation::event::get_room_state_ids::v1::{Request, Response};

use crate::{Answer, App, MatrixError, federation::Peer};

/// [Specification](https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1state_idsroomid)
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let room = app.rooms.peer_room(&request.room_id, &origin).await?;
    let found = app.rooms.state_for_peer(&room, &request.event_id).await?;
    let auth_chain = app.rooms.event_ids(&found.auth_chain).await?;
    let state = app.rooms.event_ids(&found.state).await?;
    Ok(Answer(Response::new(auth_chain, state)))
}

//! `GET /_matrix/federation/v1/event_auth/{roomId}/{eventId}`

use axum::extract::State;
use ruma::api::federation::authorization::get_event_authorization::v1::{Request, Response};

use super::raw;
use crate::{Answer, App, MatrixError, federation::Peer};

/// [Specification](https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1event_authroomideventid)
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let room = app.rooms.peer_room(&request.room_id, &origin).await?;
    let chain = app.rooms.event_auth_for_peer(&room, &request.event_id).await?;
    Ok(Answer(Response::new(raw(&chain)?)))
}

//! `GET /_matrix/federation/v1/timestamp_to_event/{roomId}`

use axum::extract::State;
use ruma::api::federation::event::get_event_by_timestamp::v1::{Request, Response};

use crate::{Answer, App, MatrixError, federation::Peer};

/// [Specification](https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1timestamp_to_eventroomid)
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let room = app.rooms.peer_room(&request.room_id, &origin).await?;
    let pdu = app.rooms.event_near_for_peer(&room, request.ts.get().into(), request.dir).await?;
    Ok(Answer(Response::new(pdu.event_id().to_owned(), pdu.origin_server_time())))
}

//! `POST /_matrix/federation/v1/get_missing_events/{roomId}`

use axum::extract::State;
use ruma::api::federation::event::get_missing_events::v1::{Request, Response};

use super::raw;
use crate::{Answer, App, MatrixError, federation::Peer};

/// [Specification](https://spec.matrix.org/v1.19/server-server-api/#post_matrixfederationv1get_missing_eventsroomid)
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let room = app.rooms.peer_room(&request.room_id, &origin).await?;
    let limit = usize::try_from(u64::from(request.limit)).unwrap_or(usize::MAX);
    let (earliest, latest) = (&request.earliest_events, &request.latest_events);
    let pdus = app.rooms.missing_for_peer(&room, earliest, latest, limit, request.min_depth.into()).await?;
    Ok(Answer(Response::new(raw(&pdus)?)))
}

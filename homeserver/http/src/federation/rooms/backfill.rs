//! `GET /_matrix/federation/v1/backfill/{roomId}`

use axum::extract::State;
use ruma::MilliSecondsSinceUnixEpoch;
use ruma::api::federation::backfill::get_backfill::v1::{Request, Response};

use super::raw;
use crate::{Answer, App, MatrixError, federation::Peer};

/// [Specification](https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1backfillroomid)
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let room = app.rooms.peer_room(&request.room_id, &origin).await?;
    let limit = usize::try_from(u64::from(request.limit)).unwrap_or(usize::MAX);
    let pdus = app.rooms.backfill_for_peer(&room, &request.v, limit).await?;
    let now = MilliSecondsSinceUnixEpoch(ruma::UInt::new_saturating(app.clock.now_ms()));
    Ok(Answer(Response::new(app.settings.server_name.clone(), now, raw(&pdus)?)))
}

//! `GET /_matrix/federation/v1/event/{eventId}`

use axum::extract::State;
use ruma::MilliSecondsSinceUnixEpoch;
use ruma::api::federation::event::get_event::v1::{Request, Response};

use crate::{Answer, App, MatrixError, federation::Peer, federation::membership::send_join::raw};

/// [Specification](https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1eventeventid)
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let pdu = app.rooms.event_for_peer(&origin, &request.event_id).await?;
    let now = MilliSecondsSinceUnixEpoch(ruma::UInt::new_saturating(app.clock.now_ms()));
    Ok(Answer(Response::new(app.settings.server_name.clone(), now, raw(&pdu)?)))
}

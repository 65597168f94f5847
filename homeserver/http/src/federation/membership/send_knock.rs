//! `PUT /_matrix/federation/v1/send_knock/{roomId}/{eventId}`

use axum::extract::State;
use federation::handshake::SentEvent;
use ruma::api::federation::membership::{
    RawStrippedState,
    create_knock_event::v1::{Request, Response},
};

use super::send_join::raw;
use crate::{Answer, App, MatrixError, federation::Peer};

/// [Specification](https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1send_knockroomideventid)
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let sent = SentEvent {
        origin: &origin,
        room_id: &request.room_id,
        event_id: &request.event_id,
        event: &request.pdu,
    };
    let introduction = app.federation.accept_knock(sent).await?;
    let events = introduction.iter().map(|pdu| raw(pdu).map(RawStrippedState::Pdu));
    Ok(Answer(Response::new(events.collect::<Result<_, _>>()?)))
}

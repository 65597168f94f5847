//! `PUT /_matrix/federation/v2/send_join/{roomId}/{eventId}`, and its first version

use axum::extract::State;
use federation::handshake::SentEvent;
use ruma::{
    OwnedServerName,
    api::federation::membership::create_join_event::v2::{Request, Response, RoomState},
};
use serde_json::value::RawValue;

use super::Version1;
use crate::{Answer, App, MatrixError, federation::Peer};

/// [Specification](https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_joinroomideventid)
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    Ok(Answer(Response::new(join(&app, &origin, &request).await?)))
}

/// The same in the form of version 1.
pub async fn handler_v1(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Version1<RoomState>, MatrixError> {
    Ok(Version1(join(&app, &origin, &request).await?))
}

async fn join(app: &App, origin: &OwnedServerName, request: &Request) -> Result<RoomState, MatrixError> {
    let sent =
        SentEvent { origin, room_id: &request.room_id, event_id: &request.event_id, event: &request.pdu };
    let joined = app.federation.accept_join(sent, request.omit_members).await?;
    let mut room = RoomState::new();
    room.state = joined.room.state.iter().map(raw).collect::<Result<_, _>>()?;
    room.auth_chain = joined.room.auth_chain.iter().map(raw).collect::<Result<_, _>>()?;
    room.event = Some(raw(&joined.event)?);
    room.members_omitted = request.omit_members;
    room.servers_in_room = Some(joined.room.servers.iter().map(ToString::to_string).collect());
    Ok(room)
}

/// The stored bytes as they are.
pub(in crate::federation) fn raw(pdu: &model::Pdu) -> Result<Box<RawValue>, MatrixError> {
    let text = String::from_utf8(pdu.json().to_vec());
    let text = text.map_err(|error| MatrixError::internal("read event", error))?;
    RawValue::from_string(text).map_err(|error| MatrixError::internal("read event", error))
}

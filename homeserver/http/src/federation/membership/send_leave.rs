//! `PUT /_matrix/federation/v2/send_leave/{roomId}/{eventId}`, and its first version

use axum::extract::State;
use federation::handshake::SentEvent;
use ruma::api::federation::membership::create_leave_event::v2::{Request, Response};
use serde_json::{Value, json};

use super::Version1;
use crate::{Answer, App, MatrixError, federation::Peer};

/// [Specification](https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_leaveroomideventid)
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.federation.accept_leave(sent(&origin, &request)).await?;
    Ok(Answer(Response::new()))
}

/// The same in the form of version 1.
pub async fn handler_v1(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Version1<Value>, MatrixError> {
    app.federation.accept_leave(sent(&origin, &request)).await?;
    Ok(Version1(json!({})))
}

fn sent<'a>(origin: &'a ruma::ServerName, request: &'a Request) -> SentEvent<'a> {
    SentEvent { origin, room_id: &request.room_id, event_id: &request.event_id, event: &request.pdu }
}

//! `PUT /_matrix/federation/v2/invite/{roomId}/{eventId}`, and its first version

use axum::extract::State;
use federation::handshake::IncomingInvite;
use ruma::{
    RoomVersionId,
    api::federation::membership::{
        RawStrippedState,
        create_invite::v2::{Request, Response},
        create_leave_event,
    },
};
use serde::Deserialize;
use serde_json::{
    json,
    value::{RawValue, Value},
};

use super::{Version1, send_join::raw};
use crate::{Action, Answer, App, MatrixError, federation::Peer};

/// [Specification](https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2inviteroomideventid)
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let invite = IncomingInvite {
        origin: &origin,
        room_id: &request.room_id,
        event_id: &request.event_id,
        room_version: &request.room_version,
        event: &request.event,
        stripped: &request.invite_room_state,
    };
    Ok(Answer(Response::new(accept(&app, invite).await?)))
}

/// The same in the form of version 1: the body is the event, the room is of version 1 or 2.
pub async fn handler_v1(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<create_leave_event::v2::Request>,
) -> Result<Version1<Value>, MatrixError> {
    #[derive(Deserialize)]
    struct Event {
        #[serde(default)]
        unsigned: Unsigned,
    }
    #[derive(Default, Deserialize)]
    struct Unsigned {
        #[serde(default)]
        invite_room_state: Vec<RawStrippedState>,
    }
    let event: Event = serde_json::from_str(request.pdu.get())
        .map_err(|error| MatrixError::bad_json(format!("the body is no invite: {error}")))?;
    let invite = IncomingInvite {
        origin: &origin,
        room_id: &request.room_id,
        event_id: &request.event_id,
        room_version: &RoomVersionId::V1,
        event: &request.pdu,
        stripped: &event.unsigned.invite_room_state,
    };
    Ok(Version1(json!({ "event": accept(&app, invite).await? })))
}

/// A server may not invite for a user faster than the user could, nor flood one of ours.
async fn accept(app: &App, invite: IncomingInvite<'_>) -> Result<Box<RawValue>, MatrixError> {
    let (inviter, invited) = app.federation.parties_of_invite(&invite)?;
    app.limits.text(&format!("inviter {inviter}"), Action::Invite)?;
    app.limits.text(&format!("invited {invited}"), Action::Invite)?;
    raw(&app.federation.accept_invite(invite).await?)
}

//! `GET /_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}`

use axum::extract::State;
use bytes::Bytes;
use model::EventForm;
use ruma::api::client::state::get_state_event_for_key::v3::{Request, StateEventFormat};

use crate::{App, GuestAllowed, JsonBytes, MatrixError, client::history::viewer};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidstateeventtypestatekey)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Request>,
) -> Result<JsonBytes, MatrixError> {
    let room = app.rooms.readable_room(&app.store, &caller.user, &request.room_id).await?;
    let kind = request.event_type.to_string();
    if app.rooms.may_be_missing(room.room(), &kind, &request.state_key) {
        app.rooms.until_complete(room.room()).await?;
    }
    let (num, pdu) = app.rooms.readable_state_event(&app.store, &room, &kind, &request.state_key).await?;
    if request.format != StateEventFormat::Event {
        return Ok(JsonBytes(Bytes::copy_from_slice(pdu.content_bytes())));
    }
    let mut events = app.rooms.state_events(&app.store, viewer(&caller), &[num], EventForm::Full).await?;
    Ok(JsonBytes(events.pop().unwrap_or_default()))
}

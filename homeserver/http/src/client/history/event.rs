//! `GET /_matrix/client/v3/rooms/{roomId}/event/{eventId}`

use axum::extract::State;
use model::EventForm;
use ruma::api::client::room::get_room_event::v3::Request;

use super::viewer;
use crate::{App, GuestAllowed, JsonBytes, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomideventeventid)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Request>,
) -> Result<JsonBytes, MatrixError> {
    let viewer = viewer(&caller);
    let event = app.rooms.visible_event(&app.store, viewer, &request.room_id, &request.event_id).await?;
    let json =
        app.rooms.client_event_with_relations(&app.store, viewer, event.shown(), EventForm::Full).await?;
    Ok(JsonBytes(json))
}

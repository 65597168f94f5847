//! `GET /_matrix/client/v3/events/{eventId}`

use axum::extract::{Path, Request, State};
use model::EventForm;
use ruma::EventId;

use crate::{App, JsonBytes, MatrixError, client::history::viewer, extract::required};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3eventseventid)
pub async fn handler(
    State(app): State<App>,
    Path(event_id): Path<String>,
    request: Request,
) -> Result<JsonBytes, MatrixError> {
    let (parts, _) = request.into_parts();
    let caller = required(&parts, &app).await?;
    let not_found = || MatrixError::not_found("The event was not found");
    let event_id = EventId::parse(event_id).map_err(|_| not_found())?;
    let (num, _) = app.rooms.pdu_by_id(&app.store, &event_id).await?.ok_or_else(not_found)?;
    let room = app.rooms.meta(&app.store, num).await?.room;
    let room_id = app.rooms.room_id(&app.store, room).await?;
    let viewer = viewer(&caller);
    let event = app.rooms.visible_event(&app.store, viewer, &room_id, &event_id).await?;
    let json =
        app.rooms.client_event_with_relations(&app.store, viewer, event.shown(), EventForm::Full).await?;
    Ok(JsonBytes(json))
}

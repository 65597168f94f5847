//! `GET /_matrix/client/v3/rooms/{roomId}/event/{eventId}`

use axum::extract::State;
use model::EventForm;
use ruma::api::client::room::get_room_event::v3::Request;

use super::viewer;
use crate::{App, GuestAllowed, JsonBytes, MatrixError, extract::WithQuery};

/// Asks for what a redacted event said
/// ([MSC2815](https://github.com/matrix-org/matrix-spec-proposals/pull/2815)).
const UNREDACTED: &str = "fi.mau.msc2815.include_unredacted_content";

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomideventeventid)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<WithQuery<Request>>,
) -> Result<JsonBytes, MatrixError> {
    let WithQuery { request, part: query } = request;
    let viewer = viewer(&caller);
    let event = app.rooms.visible_event(&app.store, viewer, &request.room_id, &request.event_id).await?;
    let wants_unredacted = query.get(UNREDACTED).is_some_and(|value| value == "true");
    let unredacted = if wants_unredacted && app.rooms.keeps_redacted_content() {
        Some(app.rooms.unredacted(viewer, &event, caller.session.is_admin).await?)
    } else {
        None
    };
    let shown = unredacted.as_ref().unwrap_or_else(|| event.shown());
    let json = app.rooms.client_event_with_relations(&app.store, viewer, shown, EventForm::Full).await?;
    Ok(JsonBytes(json))
}

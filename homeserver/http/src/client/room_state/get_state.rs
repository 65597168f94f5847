//! `GET /_matrix/client/v3/rooms/{roomId}/state`

use axum::extract::State;
use ruma::api::client::state::get_state_events::v3::Request;

use crate::{App, GuestAllowed, JsonBytes, MatrixError, assemble, client::history::viewer};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidstate)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Request>,
) -> Result<JsonBytes, MatrixError> {
    let room = app.rooms.readable_room(&app.store, &caller.user, &request.room_id).await?;
    app.rooms.until_complete(room.room()).await?;
    let state = app.rooms.readable_state(&app.store, viewer(&caller), &room).await?;
    Ok(assemble::array(&state))
}

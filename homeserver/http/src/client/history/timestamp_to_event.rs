//! `GET /_matrix/client/v1/rooms/{roomId}/timestamp_to_event`

use axum::extract::State;
use ruma::api::client::room::get_event_by_timestamp::v1::{Request, Response};

use super::viewer;
use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidtimestamp_to_event)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let room = app.rooms.readable_room(&app.store, &caller.user, &request.room_id).await?;
    let time_ms = u64::from(request.ts.0);
    let found = app.rooms.event_near(&app.store, viewer(&caller), &room, time_ms, request.dir).await?;
    Ok(Answer(Response::new(found.pdu.event_id().to_owned(), found.pdu.origin_server_time())))
}

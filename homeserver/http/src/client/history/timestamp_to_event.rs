//! `GET /_matrix/client/v1/rooms/{roomId}/timestamp_to_event`

use axum::extract::State;
use rooms::{RoomsError, access::Viewer};
use ruma::api::client::room::get_event_by_timestamp::v1::{Request, Response};

use super::viewer;
use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidtimestamp_to_event)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let here = look(&app, viewer(&caller), &request).await?;
    let found_ms = here.as_ref().map(|found| found.origin_server_ts.get().into());
    let room = app.rooms.readable_room(&app.store, &caller.user, &request.room_id).await?;
    let (place, time_ms) = ((room.room(), &*request.room_id), u64::from(request.ts.0));
    let found = if app.federation.look_near(place, time_ms, request.dir, found_ms).await? {
        look(&app, viewer(&caller), &request).await?
    } else {
        here
    };
    Ok(Answer(found.ok_or(RoomsError::EventNotFound)?))
}

/// The nearest event among those that this server has.
async fn look(app: &App, viewer: Viewer<'_>, request: &Request) -> Result<Option<Response>, MatrixError> {
    let room = app.rooms.readable_room(&app.store, viewer.user, &request.room_id).await?;
    let time_ms = u64::from(request.ts.0);
    match app.rooms.event_near(&app.store, viewer, &room, time_ms, request.dir).await {
        Ok(found) => Ok(Some(Response::new(found.pdu.event_id().to_owned(), found.pdu.origin_server_time()))),
        Err(RoomsError::EventNotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

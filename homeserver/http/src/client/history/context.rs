//! `GET /_matrix/client/v3/rooms/{roomId}/context/{eventId}`

use axum::extract::State;
use rooms::filter::EventFilter;
use ruma::api::client::context::get_context::v3::Request;

use super::{count, viewer};
use crate::{
    App, GuestAllowed, JsonBytes, MatrixError,
    assemble::{ObjectWriter, total},
    extract::WithFilter,
};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidcontexteventid)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<WithFilter<Request>>,
) -> Result<JsonBytes, MatrixError> {
    let WithFilter { request, part: extras } = request;
    let viewer = viewer(&caller);
    let event = app.rooms.visible_event(&app.store, viewer, &request.room_id, &request.event_id).await?;
    let filter = EventFilter::new(&request.filter).with_extras(extras);
    let lazy = !request.filter.lazy_load_options.is_disabled();
    let limit = count(request.limit);
    let (room, place) = (event.room().room(), event.shown().position);
    app.federation.fetch_history(room, place, limit.div_ceil(2) + 1).await?;
    let context = app.rooms.context(&app.store, viewer, &event, limit, &filter, lazy).await?;
    let bytes = total(&context.events_before) + total(&context.events_after) + total(&context.state);
    let mut answer = ObjectWriter::with_capacity(bytes + context.event.len() + 200);
    answer
        .text("start", &context.start)
        .text("end", &context.end)
        .array("events_before", &context.events_before)
        .json("event", &context.event)
        .array("events_after", &context.events_after)
        .array("state", &context.state);
    Ok(answer.finish())
}

//! `GET /_matrix/client/v3/rooms/{roomId}/messages`

use axum::extract::State;
use rooms::{filter::EventFilter, pagination::PageQuery};
use ruma::api::client::message::get_message_events::v3::Request;

use super::{count, place, viewer};
use crate::{
    App, GuestAllowed, JsonBytes, MatrixError,
    assemble::{ObjectWriter, total},
    extract::WithFilter,
};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmessages)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<WithFilter<Request>>,
) -> Result<JsonBytes, MatrixError> {
    let WithFilter { request, extras } = request;
    let query = PageQuery {
        from: place("from", request.from.as_deref())?,
        to: place("to", request.to.as_deref())?,
        direction: request.dir,
        limit: count(request.limit),
        filter: EventFilter::new(&request.filter).with_extras(extras),
        lazy_load_members: !request.filter.lazy_load_options.is_disabled(),
    };
    let room = app.rooms.readable_room(&app.store, &caller.user, &request.room_id).await?;
    let page = app.rooms.page(&app.store, viewer(&caller), &room, &query).await?;
    let mut answer = ObjectWriter::with_capacity(total(&page.chunk) + total(&page.state) + 100);
    answer.array("chunk", &page.chunk).text("start", &page.start).optional_text("end", page.end.as_deref());
    if !page.state.is_empty() {
        answer.array("state", &page.state);
    }
    Ok(answer.finish())
}

//! `GET /_matrix/client/v1/rooms/{roomId}/relations/{eventId}[/{relType}[/{eventType}]]`

use axum::extract::State;
use rooms::relations::RelationsQuery;
use ruma::{
    EventId, RoomId,
    api::{
        Direction,
        client::relations::{
            get_relating_events, get_relating_events_with_rel_type,
            get_relating_events_with_rel_type_and_event_type as get_relating_events_with_both,
        },
    },
};

use super::{count, place, viewer};
use crate::{
    App, Caller, GuestAllowed, JsonBytes, MatrixError,
    assemble::{ObjectWriter, total},
};

/// What one of ruma's three requests asks for, with the filters that only some of them have.
macro_rules! query {
    ($rel_type:expr, $kind:expr, $request:expr) => {
        RelationsQuery {
            rel_type: $rel_type,
            kind: $kind,
            from: place("from", $request.from.as_deref())?,
            to: place("to", $request.to.as_deref())?,
            forward: $request.dir == Direction::Forward,
            recurse: $request.recurse,
            limit: $request.limit.map(count),
        }
    };
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidrelationseventid)
pub async fn all(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<get_relating_events::v1::Request>,
) -> Result<JsonBytes, MatrixError> {
    let query = query!(None, None, request);
    answer(&app, &caller, &request.room_id, &request.event_id, &query).await
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidrelationseventidreltype)
pub async fn with_rel_type(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<get_relating_events_with_rel_type::v1::Request>,
) -> Result<JsonBytes, MatrixError> {
    let query = query!(Some(request.rel_type.to_string()), None, request);
    answer(&app, &caller, &request.room_id, &request.event_id, &query).await
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidrelationseventidreltypeeventtype)
pub async fn with_rel_type_and_event_type(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<get_relating_events_with_both::v1::Request>,
) -> Result<JsonBytes, MatrixError> {
    let query = query!(Some(request.rel_type.to_string()), Some(request.event_type.to_string()), request);
    answer(&app, &caller, &request.room_id, &request.event_id, &query).await
}

async fn answer(
    app: &App,
    caller: &Caller,
    room_id: &RoomId,
    event_id: &EventId,
    query: &RelationsQuery,
) -> Result<JsonBytes, MatrixError> {
    let viewer = viewer(caller);
    let parent = app.rooms.visible_event(&app.store, viewer, room_id, event_id).await?;
    let page = app.rooms.relations(&app.store, viewer, &parent, query).await?;
    let mut answer = ObjectWriter::with_capacity(total(&page.chunk) + 100);
    answer
        .array("chunk", &page.chunk)
        .optional_text("next_batch", page.next_batch.as_deref())
        .optional_text("prev_batch", page.prev_batch.as_deref());
    if let Some(depth) = page.recursion_depth {
        answer.json("recursion_depth", depth.to_string().as_bytes());
    }
    Ok(answer.finish())
}

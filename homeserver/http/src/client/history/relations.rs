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

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidrelationseventid)
pub async fn all(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<get_relating_events::v1::Request>,
) -> Result<JsonBytes, MatrixError> {
    let query = RelationsQuery {
        rel_type: None,
        kind: None,
        from: place("from", request.from.as_deref())?,
        to: place("to", request.to.as_deref())?,
        forward: request.dir == Direction::Forward,
        recurse: request.recurse,
        limit: request.limit.map(count),
    };
    answer(&app, &caller, &request.room_id, &request.event_id, &query).await
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidrelationseventidreltype)
pub async fn with_rel_type(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<get_relating_events_with_rel_type::v1::Request>,
) -> Result<JsonBytes, MatrixError> {
    let query = RelationsQuery {
        rel_type: Some(request.rel_type.to_string()),
        kind: None,
        from: place("from", request.from.as_deref())?,
        to: place("to", request.to.as_deref())?,
        forward: request.dir == Direction::Forward,
        recurse: request.recurse,
        limit: request.limit.map(count),
    };
    answer(&app, &caller, &request.room_id, &request.event_id, &query).await
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidrelationseventidreltypeeventtype)
pub async fn with_rel_type_and_event_type(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<get_relating_events_with_both::v1::Request>,
) -> Result<JsonBytes, MatrixError> {
    let query = RelationsQuery {
        rel_type: Some(request.rel_type.to_string()),
        kind: Some(request.event_type.to_string()),
        from: place("from", request.from.as_deref())?,
        to: place("to", request.to.as_deref())?,
        forward: request.dir == Direction::Forward,
        recurse: request.recurse,
        limit: request.limit.map(count),
    };
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

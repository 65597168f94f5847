//! `GET /_matrix/client/v1/rooms/{roomId}/hierarchy`

use axum::extract::State;
use rooms::hierarchy::HierarchyQuery;
use ruma::api::client::space::get_hierarchy::v1::{Request, Response};

use crate::{Answer, App, GuestAllowed, MatrixError, client::history::count};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidhierarchy)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let query = HierarchyQuery {
        max_depth: request.max_depth.map(u64::from),
        suggested_only: request.suggested_only,
    };
    let (from, limit) = (request.from.as_deref(), request.limit.map(count));
    let elsewhere = &app.federation;
    let page = app
        .rooms
        .hierarchy(&app.store, &caller.user, &request.room_id, query, from, limit, elsewhere)
        .await?;
    let mut response = Response::new();
    response.rooms = page.rooms;
    response.next_batch = page.next_batch;
    Ok(Answer(response))
}

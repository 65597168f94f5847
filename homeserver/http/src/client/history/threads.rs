//! `GET /_matrix/client/v1/rooms/{roomId}/threads`

use axum::extract::State;
use ruma::api::client::threads::get_threads::v1::{IncludeThreads, Request};

use super::{count, place, viewer};
use crate::{
    App, Authed, JsonBytes, MatrixError,
    assemble::{ObjectWriter, total},
};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidthreads)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<JsonBytes, MatrixError> {
    let from = place("from", request.from.as_deref())?;
    let participated = request.include == IncludeThreads::Participated;
    let room = app.rooms.readable_room(&app.store, &caller.user, &request.room_id).await?;
    let limit = request.limit.map(count);
    let page = app.rooms.threads(&app.store, viewer(&caller), &room, participated, from, limit).await?;
    let mut answer = ObjectWriter::with_capacity(total(&page.chunk) + 60);
    answer.array("chunk", &page.chunk).optional_text("next_batch", page.next_batch.as_deref());
    Ok(answer.finish())
}

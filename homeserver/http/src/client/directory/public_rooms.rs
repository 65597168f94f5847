//! `GET /_matrix/client/v3/publicRooms`

use axum::extract::State;
use ruma::api::client::directory::get_public_rooms::v3::{Request, Response};
use search::DirectoryQuery;

use super::{chunk, count, page};
use crate::{Answer, App, MatrixError, MaybeAuthed};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3publicrooms)
pub async fn handler(
    State(app): State<App>,
    MaybeAuthed { caller, request, .. }: MaybeAuthed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    if caller.is_none() && !app.settings.directory_without_token {
        return Err(MatrixError::missing_token());
    }
    let query = DirectoryQuery {
        limit: request.limit.map(u64::from),
        since: request.since,
        ..DirectoryQuery::default()
    };
    let page = page(&app, request.server.as_deref(), &query).await?;
    let mut response = Response::new(page.rooms.into_iter().map(chunk).collect());
    response.next_batch = page.next;
    response.prev_batch = page.previous;
    response.total_room_count_estimate = Some(count(page.total));
    Ok(Answer(response))
}

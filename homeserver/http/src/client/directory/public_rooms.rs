//! `GET /_matrix/client/v3/publicRooms`

use axum::extract::State;
use ruma::{
    api::client::directory::get_public_rooms::v3::{Request, Response},
    directory::Filter,
};

use super::page;
use crate::{Action, Answer, App, MatrixError, MaybeAuthed};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3publicrooms)
pub async fn handler(
    State(app): State<App>,
    MaybeAuthed { caller, client, request }: MaybeAuthed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    if caller.is_none() && !app.settings.directory_without_token {
        return Err(MatrixError::missing_token());
    }
    if caller.is_none() && request.server.is_some() {
        app.limits.address(client.address, Action::Other)?;
    }
    let limit = request.limit.map(u64::from);
    let page = page(&app, request.server.as_deref(), Filter::new(), limit, request.since).await?;
    let mut response = Response::new(page.rooms);
    response.next_batch = page.next;
    response.prev_batch = page.previous;
    response.total_room_count_estimate = page.total;
    Ok(Answer(response))
}

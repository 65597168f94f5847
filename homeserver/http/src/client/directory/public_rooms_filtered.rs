//! `POST /_matrix/client/v3/publicRooms`

use axum::extract::State;
use ruma::{
    api::client::directory::get_public_rooms_filtered::v3::{Request, Response},
    directory::RoomNetwork,
};
use search::{DirectoryPage, DirectoryQuery};

use super::{chunk, count, page};
use crate::{Action, Answer, App, GuestAllowed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3publicrooms)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.user(&caller.user, Action::Search)?;
    let types =
        request.filter.room_types.iter().map(|kind| kind.as_str().map(str::to_owned)).collect::<Vec<_>>();
    let query = DirectoryQuery {
        term: request.filter.generic_search_term,
        room_types: (!types.is_empty()).then_some(types),
        limit: request.limit.map(u64::from),
        since: request.since,
    };
    let page = match request.room_network {
        RoomNetwork::Matrix | RoomNetwork::All => page(&app, request.server.as_deref(), &query).await?,
        // No bridge lists rooms here.
        _ => DirectoryPage::default(),
    };
    let mut response = Response::new();
    response.chunk = page.rooms.into_iter().map(chunk).collect();
    response.next_batch = page.next;
    response.prev_batch = page.previous;
    response.total_room_count_estimate = Some(count(page.total));
    Ok(Answer(response))
}

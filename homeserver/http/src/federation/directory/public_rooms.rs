//! `GET` and `POST /_matrix/federation/v1/publicRooms`

use axum::extract::State;
use ruma::{
    ServerName,
    api::federation::directory::{get_public_rooms, get_public_rooms_filtered},
    directory::{Filter, RoomNetwork},
};
use search::{DirectoryPage, DirectoryQuery};

use crate::{
    Answer, App, MatrixError,
    client::directory::{chunk, count, query},
    federation::Peer,
};

/// A page of the directory.
pub async fn all(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<get_public_rooms::v1::Request>,
) -> Result<Answer<get_public_rooms::v1::Response>, MatrixError> {
    let query = query(Filter::new(), request.limit.map(u64::from), request.since);
    let page = page(&app, &origin, &request.room_network, &query).await?;
    let mut response = get_public_rooms::v1::Response::new();
    response.chunk = page.rooms.into_iter().map(chunk).collect();
    response.next_batch = page.next;
    response.prev_batch = page.previous;
    response.total_room_count_estimate = Some(count(page.total));
    Ok(Answer(response))
}

/// A page of those rooms of the directory that a filter lets through.
pub async fn filtered(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<get_public_rooms_filtered::v1::Request>,
) -> Result<Answer<get_public_rooms_filtered::v1::Response>, MatrixError> {
    let query = query(request.filter, request.limit.map(u64::from), request.since);
    let page = page(&app, &origin, &request.room_network, &query).await?;
    let mut response = get_public_rooms_filtered::v1::Response::new();
    response.chunk = page.rooms.into_iter().map(chunk).collect();
    response.next_batch = page.next;
    response.prev_batch = page.previous;
    response.total_room_count_estimate = Some(count(page.total));
    Ok(Answer(response))
}

/// Rooms of bridged networks are for our own users.
async fn page(
    app: &App,
    origin: &ServerName,
    network: &RoomNetwork,
    query: &DirectoryQuery,
) -> Result<DirectoryPage, MatrixError> {
    if !app.federation.policy().terms(origin).is_some_and(|terms| terms.directory) {
        return Err(MatrixError::forbidden("This server does not show its directory to yours"));
    }
    match network {
        RoomNetwork::Matrix | RoomNetwork::All => Ok(app.search.public_rooms(query).await?),
        _ => Ok(DirectoryPage::default()),
    }
}

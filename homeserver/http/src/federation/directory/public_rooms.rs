//! `GET` and `POST /_matrix/federation/v1/publicRooms`

use axum::{Json, extract::State};
use ruma::{
    ServerName,
    api::federation::directory::{get_public_rooms, get_public_rooms_filtered},
    directory::{Filter, RoomNetwork},
};
use search::{DirectoryPage, DirectoryQuery};

use crate::{
    App, MatrixError,
    client::directory::{Page, query},
    federation::Peer,
};

/// A page of the directory.
pub async fn all(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<get_public_rooms::v1::Request>,
) -> Result<Json<Page>, MatrixError> {
    let query = query(Filter::new(), request.limit.map(u64::from), request.since);
    Ok(Json(page(&app, &origin, &request.room_network, &query).await?))
}

/// A page of those rooms of the directory that a filter lets through.
pub async fn filtered(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<get_public_rooms_filtered::v1::Request>,
) -> Result<Json<Page>, MatrixError> {
    let query = query(request.filter, request.limit.map(u64::from), request.since);
    Ok(Json(page(&app, &origin, &request.room_network, &query).await?))
}

/// Rooms of bridged networks are for our own users.
async fn page(
    app: &App,
    origin: &ServerName,
    network: &RoomNetwork,
    query: &DirectoryQuery,
) -> Result<Page, MatrixError> {
    if !app.federation.policy().terms(origin).is_some_and(|terms| terms.directory) {
        return Err(MatrixError::forbidden("This server does not show its directory to yours"));
    }
    match network {
        RoomNetwork::Matrix | RoomNetwork::All => Ok(app.search.public_rooms(query).await?.into()),
        _ => Ok(DirectoryPage::default().into()),
    }
}

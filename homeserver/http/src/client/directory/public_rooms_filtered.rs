//! `POST /_matrix/client/v3/publicRooms`

use axum::{Json, extract::State};
use ruma::{api::client::directory::get_public_rooms_filtered::v3::Request, directory::RoomNetwork};
use search::DirectoryPage;

use super::{Page, network::listed, page};
use crate::{Action, App, GuestAllowed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3publicrooms)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Request>,
) -> Result<Json<Page>, MatrixError> {
    app.limits.caller(&caller, Action::Search)?;
    let (filter, limit, since) = (request.filter, request.limit.map(u64::from), request.since);
    let page = match request.room_network {
        RoomNetwork::Matrix | RoomNetwork::All => {
            page(&app, request.server.as_deref(), filter, limit, since).await?
        }
        RoomNetwork::ThirdParty(instance) => {
            let term = filter.generic_search_term.as_deref();
            listed(&app, &instance, term, limit, since.as_deref()).await?.into()
        }
        _ => DirectoryPage::default().into(),
    };
    Ok(Json(page))
}

//! `GET /_matrix/client/v3/publicRooms`

use axum::{Json, extract::State};
use ruma::{api::client::directory::get_public_rooms::v3::Request, directory::Filter};

use super::{Page, page};
use crate::{Action, App, MatrixError, MaybeAuthed};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3publicrooms)
pub async fn handler(
    State(app): State<App>,
    MaybeAuthed { caller, client, request }: MaybeAuthed<Request>,
) -> Result<Json<Page>, MatrixError> {
    if caller.is_none() && !app.settings.directory_without_token {
        return Err(MatrixError::missing_token());
    }
    if caller.is_none() && request.server.is_some() {
        app.limits.address(client.address, Action::Other)?;
    }
    let limit = request.limit.map(u64::from);
    Ok(Json(page(&app, request.server.as_deref(), Filter::new(), limit, request.since).await?))
}

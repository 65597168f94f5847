//! `GET /_matrix/client/v1/media/preview_url`

use axum::extract::State;
use ruma::{UserId, api::client::authenticated_media::get_media_preview::v1::Request};

use crate::{Action, App, Authed, JsonBytes, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediapreview_url)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<JsonBytes, MatrixError> {
    preview(&app, &caller.user, &request.url).await
}

/// A preview within the user's rate.
pub(super) async fn preview(app: &App, user: &UserId, url: &str) -> Result<JsonBytes, MatrixError> {
    app.limits.user(user, Action::Preview)?;
    Ok(JsonBytes(app.media.preview(user, url).await?))
}

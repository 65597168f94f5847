//! `GET /_matrix/federation/v1/media/download/{mediaId}`

use axum::{extract::State, response::Response};
use ruma::api::federation::authenticated_media::get_content::v1::Request;

use super::multipart::multipart;
use crate::{
    App, MatrixError,
    client::media::{attachment_or_inline, unless_stopped},
    federation::Peer,
};

/// Content that a user of this server uploaded.
pub async fn handler(
    State(app): State<App>,
    Peer { request, .. }: Peer<Request>,
) -> Result<Response, MatrixError> {
    let finding = app.media.find(&app.settings.server_name, &request.media_id, request.timeout_ms);
    let found = unless_stopped(&app, finding).await?;
    let disposition = attachment_or_inline(found.content_type.as_deref(), found.file_name.clone());
    multipart(&app, &found, &disposition).await
}

//! `GET /_matrix/federation/v1/media/thumbnail/{mediaId}`

use axum::{extract::State, response::Response};
use ruma::api::federation::authenticated_media::get_content_thumbnail::v1::Request;

use super::multipart::multipart;
use crate::{
    App, MatrixError,
    client::media::{thumbnail_of, unless_stopped, wanted},
    federation::Peer,
};

/// A thumbnail of what a user of this server uploaded.
pub async fn handler(
    State(app): State<App>,
    Peer { request, .. }: Peer<Request>,
) -> Result<Response, MatrixError> {
    let wanted = wanted(request.width, request.height, request.method.as_ref(), request.animated);
    let (server, media_id) = (&app.settings.server_name, &request.media_id);
    let found =
        unless_stopped(&app, app.media.thumbnail(server, media_id, wanted, request.timeout_ms)).await?;
    multipart(&app, &found, &thumbnail_of(found.content_type.as_deref())).await
}

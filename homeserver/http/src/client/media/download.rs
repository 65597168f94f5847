//! `GET /_matrix/client/v1/media/download/{serverName}/{mediaId}` and the same with `/{fileName}`

use std::time::Duration;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use ruma::{
    ServerName,
    api::client::authenticated_media::{get_content, get_content_as_filename},
};

use super::{disposition::attachment_or_inline, serve::serve, serve::unless_stopped};
use crate::{App, GuestAllowed, MatrixError, extract::WithHeaders};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediadownloadservernamemediaid)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { request, .. }: GuestAllowed<WithHeaders<get_content::v1::Request>>,
) -> Result<Response, MatrixError> {
    let WithHeaders { request, part: headers } = request;
    content(&app, &request.server_name, &request.media_id, request.timeout_ms, None, &headers).await
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediadownloadservernamemediaidfilename)
pub async fn named(
    State(app): State<App>,
    GuestAllowed { request, .. }: GuestAllowed<WithHeaders<get_content_as_filename::v1::Request>>,
) -> Result<Response, MatrixError> {
    let WithHeaders { request, part: headers } = request;
    let name = Some(request.filename);
    content(&app, &request.server_name, &request.media_id, request.timeout_ms, name, &headers).await
}

/// A content under the name that the uploader, or the asker, gives it.
pub(super) async fn content(
    app: &App,
    server: &ServerName,
    media_id: &str,
    wait: Duration,
    file_name: Option<String>,
    headers: &HeaderMap,
) -> Result<Response, MatrixError> {
    let found = unless_stopped(app, app.media.find(server, media_id, wait)).await?;
    let name = file_name.or_else(|| found.file_name.clone());
    let disposition = attachment_or_inline(found.content_type.as_deref(), name);
    serve(app, &found, &disposition, headers).await
}

//! `GET /_matrix/client/v1/media/thumbnail/{serverName}/{mediaId}`

use std::time::Duration;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use media::{Shape, ThumbnailRequest};
use ruma::{ServerName, UInt, api::client::authenticated_media::get_content_thumbnail::v1, media::Method};

use super::{disposition::thumbnail_of, serve::serve, serve::unless_stopped};
use crate::{App, GuestAllowed, MatrixError, extract::WithHeaders};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediathumbnailservernamemediaid)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { request, .. }: GuestAllowed<WithHeaders<v1::Request>>,
) -> Result<Response, MatrixError> {
    let WithHeaders { request, part: headers } = request;
    let wanted = wanted(request.width, request.height, request.method.as_ref(), request.animated);
    thumbnail(&app, (&request.server_name, &request.media_id), wanted, request.timeout_ms, &headers).await
}

/// What a client asks for, with the specification's defaults.
pub(crate) fn wanted(
    width: UInt,
    height: UInt,
    method: Option<&Method>,
    animated: Option<bool>,
) -> ThumbnailRequest {
    let shape = match method {
        Some(Method::Crop) => Shape::Crop,
        Some(_) | None => Shape::Scale,
    };
    let animated = animated.unwrap_or(false);
    ThumbnailRequest { width: width.into(), height: height.into(), shape, animated }
}

/// A thumbnail; always shown inline, for all its types are safe.
pub(super) async fn thumbnail(
    app: &App,
    (server, media_id): (&ServerName, &str),
    wanted: ThumbnailRequest,
    wait: Duration,
    headers: &HeaderMap,
) -> Result<Response, MatrixError> {
    let found = unless_stopped(app, app.media.thumbnail(server, media_id, wanted, wait)).await?;
    let disposition = thumbnail_of(found.content_type.as_deref());
    serve(app, &found, &disposition, headers).await
}

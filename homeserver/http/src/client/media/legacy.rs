//! `GET /_matrix/media/{r0,v1,v3}/…`: the paths of before authenticated media.
//!
//! Download and thumbnail need no token there. Where the operator has frozen that, whoever sends a token
//! all the same is served, and everybody else hears that there is nothing.
//! [Specification](https://spec.matrix.org/v1.19/client-server-api/#content-repo-client-behaviour)

#![expect(deprecated, reason = "ruma marks these endpoints so, and clients still call them")]

use axum::{extract::State, response::Response};
use ruma::api::client::media::{
    get_content, get_content_as_filename, get_content_thumbnail, get_media_config, get_media_preview,
};

use super::{config::upload_size, download::content, preview_url::preview, thumbnail};
use crate::{
    Answer, App, Authed, Caller, GuestAllowed, JsonBytes, MatrixError, MaybeAuthed, Routes,
    extract::WithHeaders,
};

/// The endpoints of this file.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(config)
        .ruma_at("/_matrix/media/v1/config", config)
        .ruma(preview_url)
        .ruma_at("/_matrix/media/v1/preview_url", preview_url)
        .ruma(download)
        .ruma_at("/_matrix/media/v1/download/{server_name}/{media_id}", download)
        .ruma(download_named)
        .ruma_at("/_matrix/media/v1/download/{server_name}/{media_id}/{filename}", download_named)
        .ruma(download_thumbnail)
        .ruma_at("/_matrix/media/v1/thumbnail/{server_name}/{media_id}", download_thumbnail)
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixmediav3config)
pub async fn config(
    State(app): State<App>,
    GuestAllowed { .. }: GuestAllowed<get_media_config::v3::Request>,
) -> Result<Answer<get_media_config::v3::Response>, MatrixError> {
    Ok(Answer(get_media_config::v3::Response::new(upload_size(&app))))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixmediav3preview_url)
pub async fn preview_url(
    State(app): State<App>,
    Authed { caller, request }: Authed<get_media_preview::v3::Request>,
) -> Result<JsonBytes, MatrixError> {
    preview(&app, &caller.user, &request.url).await
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixmediav3downloadservernamemediaid)
pub async fn download(
    State(app): State<App>,
    MaybeAuthed { caller, request, .. }: MaybeAuthed<WithHeaders<get_content::v3::Request>>,
) -> Result<Response, MatrixError> {
    check_frozen(&app, caller.as_ref())?;
    let WithHeaders { request, part: headers } = request;
    content(&app, &request.server_name, &request.media_id, request.timeout_ms, None, &headers).await
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixmediav3downloadservernamemediaidfilename)
pub async fn download_named(
    State(app): State<App>,
    MaybeAuthed { caller, request, .. }: MaybeAuthed<WithHeaders<get_content_as_filename::v3::Request>>,
) -> Result<Response, MatrixError> {
    check_frozen(&app, caller.as_ref())?;
    let WithHeaders { request, part: headers } = request;
    let name = Some(request.filename);
    content(&app, &request.server_name, &request.media_id, request.timeout_ms, name, &headers).await
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixmediav3thumbnailservernamemediaid)
pub async fn download_thumbnail(
    State(app): State<App>,
    MaybeAuthed { caller, request, .. }: MaybeAuthed<WithHeaders<get_content_thumbnail::v3::Request>>,
) -> Result<Response, MatrixError> {
    check_frozen(&app, caller.as_ref())?;
    let WithHeaders { request, part: headers } = request;
    let wanted = thumbnail::wanted(request.width, request.height, request.method.as_ref(), request.animated);
    let medium = (&*request.server_name, request.media_id.as_str());
    thumbnail::thumbnail(&app, medium, wanted, request.timeout_ms, &headers).await
}

fn check_frozen(app: &App, caller: Option<&Caller>) -> Result<(), MatrixError> {
    if caller.is_none() && !app.settings.media_without_token {
        return Err(MatrixError::not_found("Media needs an access token here, and the new paths"));
    }
    Ok(())
}

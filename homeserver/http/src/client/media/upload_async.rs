//! `PUT /_matrix/media/v3/upload/{serverName}/{mediaId}`

use axum::extract::State;
use bytes::Bytes;
use ruma::{ServerName, api::client::media::create_content_async::v3::Request};

use super::upload::receive;
use crate::{App, JsonBytes, MatrixError, extract::Streamed};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixmediav3uploadservernamemediaid)
pub async fn handler(State(app): State<App>, upload: Streamed<Request>) -> Result<JsonBytes, MatrixError> {
    let [server, media_id] = upload.path.as_slice() else {
        return Err(MatrixError::invalid_param("The path must name a server and a media id"));
    };
    let server = <&ServerName>::try_from(server.as_str())
        .map_err(|error| MatrixError::invalid_param(error.to_string()))?
        .to_owned();
    let media_id = media_id.clone();
    app.media.check_reserved(&upload.caller.user, &server, &media_id).await?;
    let receiving = receive(&app, upload).await?;
    app.media.fill(receiving, &server, &media_id).await?;
    Ok(JsonBytes(Bytes::from_static(b"{}")))
}

//! `GET /_matrix/client/v1/media/config`

use axum::extract::State;
use ruma::{UInt, api::client::authenticated_media::get_media_config::v1};

use crate::{Answer, App, GuestAllowed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediaconfig)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { .. }: GuestAllowed<v1::Request>,
) -> Result<Answer<v1::Response>, MatrixError> {
    Ok(Answer(v1::Response::new(upload_size(&app))))
}

/// Largest upload, in bytes.
pub(super) fn upload_size(app: &App) -> UInt {
    UInt::new_saturating(app.media.upload_bytes_max())
}

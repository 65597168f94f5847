//! `POST /_matrix/media/v1/create`

use axum::extract::State;
use ruma::{
    MilliSecondsSinceUnixEpoch, UInt,
    api::client::media::create_mxc_uri::v1::{Request, Response},
};

use crate::{Action, Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixmediav1create)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, .. }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.caller(&caller, Action::Media)?;
    let reserved = app.media.reserve(&caller.user).await?;
    let mut response = Response::new(reserved.uri);
    response.unused_expires_at = Some(MilliSecondsSinceUnixEpoch(UInt::new_saturating(reserved.expires_ms)));
    Ok(Answer(response))
}

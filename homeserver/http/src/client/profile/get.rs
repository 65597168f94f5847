//! `GET /_matrix/client/v3/profile/{userId}`

use axum::extract::State;
use ruma::api::client::profile::get_profile::v3::{Request, Response};

use crate::{Action, Answer, App, MatrixError, Public};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3profileuserid)
pub async fn handler(
    State(app): State<App>,
    Public { client, request }: Public<Request>,
) -> Result<Answer<Response>, MatrixError> {
    if !app.accounts.is_local(&request.user_id) {
        // Anybody may ask, and each question goes to a server that the asker names.
        app.limits.address(client.address, Action::Other)?;
        let fields = app.federation.profile_of(&request.user_id, None).await?;
        return Ok(Answer(fields.into_iter().collect()));
    }
    app.services.has_user(&request.user_id).await?;
    let profile = app.accounts.profile(app.accounts.reader(), &request.user_id).await?;
    let profile = profile.ok_or_else(|| MatrixError::not_found("There is no such profile"))?;
    Ok(Answer(profile.fields.into_iter().collect()))
}

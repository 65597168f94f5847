//! `POST /_matrix/client/v3/refresh`

use std::time::Duration;

use axum::extract::State;
use ruma::api::client::session::refresh_token::v3::{Request, Response};

use crate::{Action, Answer, App, MatrixError, Public};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3refresh)
pub async fn handler(
    State(app): State<App>,
    Public { client, request }: Public<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.address(client.address, Action::Login)?;
    let tokens = app.accounts.refresh(&request.refresh_token).await?;
    let mut response = Response::new(tokens.access_token);
    response.refresh_token = tokens.refresh_token;
    response.expires_in_ms = tokens.expires_in_ms.map(Duration::from_millis);
    Ok(Answer(response))
}

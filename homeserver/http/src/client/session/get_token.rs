//! `POST /_matrix/client/v1/login/get_token`

use std::time::Duration;

use accounts::Operation;
use axum::extract::State;
use ruma::api::client::session::get_login_token::v1::{Request, Response};

use crate::{Answer, App, Authed, MatrixError, client::confirm::confirm, extract::Uia};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv1loginget_token)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request: Uia(request) }: Authed<Uia<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    if !app.accounts.settings().login_token {
        return Err(MatrixError::unrecognized());
    }
    let operation = Operation::new("POST /login/get_token").with(&caller.device);
    confirm(&app, &caller, operation, request.auth.as_ref()).await?;
    let (token, lifetime_ms) = app.accounts.create_login_token(&caller.user).await?;
    Ok(Answer(Response::new(Duration::from_millis(lifetime_ms), token)))
}

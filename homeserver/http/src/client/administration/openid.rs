//! `POST /_matrix/client/v3/user/{userId}/openid/request_token`

use std::time::Duration;

use axum::extract::State;
use ruma::{
    api::client::account::request_openid_token::v3::{Request, Response},
    authentication::TokenType,
};

use crate::{Answer, App, Authed, MatrixError, client::owner::require_owner};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3useruseridopenidrequest_token)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    require_owner(&caller, &request.user_id)?;
    let (token, life_ms) = app.accounts.create_openid_token(&caller.user).await?;
    let server = app.settings.server_name.clone();
    Ok(Answer(Response::new(token, TokenType::Bearer, server, Duration::from_millis(life_ms))))
}

//! `GET /_matrix/federation/v1/openid/userinfo`

use axum::extract::State;
use http::StatusCode;
use ruma::api::{
    error::ErrorCode,
    federation::openid::get_openid_userinfo::v1::{Request, Response},
};

use crate::{Answer, App, MatrixError, Public};

/// For whom a token vouches that a client handed to some service. The service signs nothing.
pub async fn handler(
    State(app): State<App>,
    Public { request, .. }: Public<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let user = app.accounts.openid_user(&request.access_token).await?;
    let unknown =
        || MatrixError::new(StatusCode::UNAUTHORIZED, ErrorCode::UnknownToken, "Unknown or expired token");
    Ok(Answer(Response::new(user.ok_or_else(unknown)?)))
}

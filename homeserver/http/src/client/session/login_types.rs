//! `GET /_matrix/client/v3/login`

use axum::extract::State;
use ruma::api::client::session::get_login_types::v3::{
    LoginType, PasswordLoginType, Request, Response, TokenLoginType,
};

use crate::{Answer, App, MatrixError, Public};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3login)
pub async fn handler(State(app): State<App>, _: Public<Request>) -> Result<Answer<Response>, MatrixError> {
    let settings = app.accounts.settings();
    let mut flows = Vec::new();
    if settings.password_login {
        flows.push(LoginType::Password(PasswordLoginType::new()));
    }
    if settings.login_token {
        let mut token = TokenLoginType::new();
        token.get_login_token = true;
        flows.push(LoginType::Token(token));
    }
    Ok(Answer(Response::new(flows)))
}

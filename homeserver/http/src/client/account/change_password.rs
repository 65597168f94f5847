//! `POST /_matrix/client/v3/account/password`

use accounts::Operation;
use axum::extract::State;
use ruma::api::client::account::change_password::v3::{Request, Response};

use crate::{Answer, App, Authed, MatrixError, client::confirm::confirm, extract::Uia};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountpassword)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request: Uia(request) }: Authed<Uia<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    app.accounts.check_password_policy(&request.new_password)?;
    let operation =
        Operation::new("POST /account/password").with(&request.new_password).with(&request.logout_devices);
    confirm(&app, &caller, operation, request.auth.as_ref()).await?;
    app.accounts.set_password(&caller.user, &request.new_password).await?;
    if request.logout_devices {
        app.accounts.remove_other_devices(&caller.user, caller.device.as_deref()).await?;
    }
    Ok(Answer(Response::new()))
}

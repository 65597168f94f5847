//! `POST /_matrix/client/v3/account/password`

use accounts::Operation;
use axum::extract::State;
use ruma::api::client::account::change_password::v3::{Request, Response};

use crate::{Action, Answer, App, MatrixError, MaybeAuthed, client::confirm::confirm, extract::Uia};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountpassword).
/// With a token the password confirms it, without one a proved e-mail address says whose password it is.
pub async fn handler(
    State(app): State<App>,
    MaybeAuthed { caller, client, request: Uia(request) }: MaybeAuthed<Uia<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    app.accounts.check_password_policy(&request.new_password)?;
    let operation =
        Operation::new("POST /account/password").with(&request.new_password).with(&request.logout_devices);
    let (user, device) = match caller {
        Some(caller) if caller.is_guest => return Err(MatrixError::guest_forbidden()),
        Some(caller) => {
            confirm(&app, &caller, operation, request.auth.as_ref()).await?;
            app.accounts.set_password(&caller.user, &request.new_password).await?;
            (caller.user, caller.device)
        }
        None if !app.accounts.settings().email => return Err(MatrixError::missing_token()),
        None => {
            app.limits.address(client.address, Action::Login)?;
            let proof = app.accounts.password_reset_interactive(operation, request.auth.as_ref()).await?;
            (app.accounts.reset_password(&proof, &request.new_password).await?, None)
        }
    };
    if request.logout_devices {
        app.accounts.remove_other_devices(&user, device.as_deref()).await?;
    }
    Ok(Answer(Response::new()))
}

//! `GET /_matrix/client/v1/register/m.login.registration_token/validity`

use accounts::Registration;
use axum::extract::State;
use ruma::api::client::account::check_registration_token_validity::v1::{Request, Response};

use crate::{Action, Answer, App, MatrixError, Public};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1registermloginregistration_tokenvalidity)
pub async fn handler(
    State(app): State<App>,
    Public { client, request }: Public<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.address(client.address, Action::Registration)?;
    if app.accounts.settings().registration == Registration::Closed {
        return Err(MatrixError::forbidden("Registration has been disabled"));
    }
    let valid = app.accounts.is_registration_token_valid(&request.token).await?;
    Ok(Answer(Response::new(valid)))
}

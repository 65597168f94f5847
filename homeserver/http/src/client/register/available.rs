//! `GET /_matrix/client/v3/register/available`

use accounts::Registration;
use axum::extract::State;
use ruma::api::client::account::get_username_availability::v3::{Request, Response};

use crate::{Action, Answer, App, MatrixError, Public};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3registeravailable)
pub async fn handler(
    State(app): State<App>,
    Public { client, request }: Public<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.address(client.address, Action::Registration)?;
    if app.accounts.settings().registration == Registration::Closed {
        return Err(MatrixError::forbidden("Registration has been disabled"));
    }
    app.accounts.check_available(&request.username).await?;
    Ok(Answer(Response::new(true)))
}

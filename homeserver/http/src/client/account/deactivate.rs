//! `POST /_matrix/client/v3/account/deactivate`

use accounts::Operation;
use axum::extract::State;
use ruma::api::client::account::{
    ThirdPartyIdRemovalStatus,
    deactivate::v3::{Request, Response},
};

use crate::{Answer, App, Authed, MatrixError, client::confirm::confirm, extract::Uia};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountdeactivate)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request: Uia(request) }: Authed<Uia<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    let operation = Operation::new("POST /account/deactivate").with(&request.erase);
    confirm(&app, &caller, operation, request.auth.as_ref()).await?;
    app.flows.deactivate(&caller.user, request.erase).await?;
    // This server binds no third-party identifiers, so there is nothing left bound anywhere.
    Ok(Answer(Response::new(ThirdPartyIdRemovalStatus::Success)))
}

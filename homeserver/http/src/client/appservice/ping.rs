//! `POST /_matrix/client/v1/appservice/{appserviceId}/ping`

use axum::extract::State;
use ruma::api::client::appservice::request_ping::v1::{Request, Response};

use super::service;
use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv1appserviceappserviceidping)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let service = service(&caller)?;
    if service.id != request.appservice_id {
        return Err(MatrixError::forbidden("An application service may ask about itself alone"));
    }
    let transaction_id = request.transaction_id.as_deref().map(|id| id.as_str());
    let took = app.services.ping(&service.id, transaction_id).await?;
    Ok(Answer(Response::new(took)))
}

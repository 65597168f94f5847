//! `PUT /_matrix/client/v3/directory/list/appservice/{networkId}/{roomId}`

use axum::extract::State;
use ruma::api::client::{
    appservice::set_room_visibility::v3::{Request, Response},
    room::Visibility,
};

use super::service;
use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/application-service-api/#put_matrixclientv3directorylistappservicenetworkidroomid)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let service = service(&caller)?;
    let listed = match request.visibility {
        Visibility::Public => true,
        Visibility::Private => false,
        _ => return Err(MatrixError::invalid_param("Unknown visibility")),
    };
    app.services.list_room(service, &request.network_id, &request.room_id, listed).await?;
    Ok(Answer(Response::new()))
}

//! `DELETE /_matrix/client/v3/devices/{deviceId}` and `POST …/delete_devices`

use accounts::Operation;
use axum::extract::State;
use ruma::api::client::device::{
    delete_device::v3::{Request, Response},
    delete_devices::v3::{Request as SeveralRequest, Response as SeveralResponse},
};

use crate::{Answer, App, Authed, MatrixError, client::confirm::confirm, extract::Uia};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3devicesdeviceid)
pub async fn one(
    State(app): State<App>,
    Authed { caller, request: Uia(request) }: Authed<Uia<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    let operation = Operation::new("DELETE /devices/{deviceId}").with(&request.device_id);
    confirm(&app, &caller, operation, request.auth.as_ref()).await?;
    app.accounts.remove_devices(&caller.user, &[request.device_id]).await?;
    Ok(Answer(Response::new()))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3delete_devices)
pub async fn several(
    State(app): State<App>,
    Authed { caller, request: Uia(mut request) }: Authed<Uia<SeveralRequest>>,
) -> Result<Answer<SeveralResponse>, MatrixError> {
    // The same devices in another order are the same operation.
    request.devices.sort();
    request.devices.dedup();
    let operation = Operation::new("POST /delete_devices").with(&request.devices);
    confirm(&app, &caller, operation, request.auth.as_ref()).await?;
    app.accounts.remove_devices(&caller.user, &request.devices).await?;
    Ok(Answer(SeveralResponse::new()))
}

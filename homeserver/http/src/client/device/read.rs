//! `GET /_matrix/client/v3/devices` and `…/devices/{deviceId}`

use axum::extract::State;
use ruma::api::client::device::{
    get_device::v3::{Request, Response},
    get_devices::v3::{Request as AllRequest, Response as AllResponse},
};

use super::wire;
use crate::{Answer, App, GuestAllowed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3devices)
pub async fn all(
    State(app): State<App>,
    GuestAllowed { caller, .. }: GuestAllowed<AllRequest>,
) -> Result<Answer<AllResponse>, MatrixError> {
    let devices = app.accounts.devices(app.accounts.reader(), &caller.user).await?;
    Ok(Answer(AllResponse::new(devices.into_iter().map(wire).collect())))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3devicesdeviceid)
pub async fn one(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let device = app.accounts.device(app.accounts.reader(), &caller.user, &request.device_id).await?;
    let device = device.ok_or_else(|| MatrixError::not_found("No such device"))?;
    Ok(Answer(Response::new(wire(device))))
}

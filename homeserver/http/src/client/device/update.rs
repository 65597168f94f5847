//! `PUT /_matrix/client/v3/devices/{deviceId}`

use axum::{
    extract::State,
    response::{IntoResponse as _, Response as HttpResponse},
};
use http::StatusCode;
use ruma::api::client::device::update_device::v3::{Request, Response};

use crate::{Answer, App, GuestAllowed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3devicesdeviceid)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Request>,
) -> Result<HttpResponse, MatrixError> {
    if caller.service.is_some() {
        // An application service makes devices this way (MSC4190).
        let name = request.display_name.as_deref();
        let made = app.accounts.put_device(&caller.user, &request.device_id, name).await?;
        let status = if made { StatusCode::CREATED } else { StatusCode::OK };
        return Ok((status, Answer(Response::new())).into_response());
    }
    match &request.display_name {
        Some(name) => app.accounts.rename_device(&caller.user, &request.device_id, Some(name)).await?,
        // The specification: a name that is left out does not change.
        None => {
            let reader = app.accounts.reader();
            if !app.accounts.device_exists(reader, &caller.user, &request.device_id).await? {
                return Err(MatrixError::not_found("No such device"));
            }
        }
    }
    Ok(Answer(Response::new()).into_response())
}

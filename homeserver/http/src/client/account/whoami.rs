//! `GET /_matrix/client/v3/account/whoami`

use axum::extract::State;
use ruma::api::client::account::whoami::v3::{Request, Response};

use crate::{Answer, App, GuestAllowed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3accountwhoami)
pub async fn handler(
    _: State<App>,
    GuestAllowed { caller, .. }: GuestAllowed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let mut response = Response::new(caller.user, caller.is_guest);
    response.device_id = caller.device;
    Ok(Answer(response))
}

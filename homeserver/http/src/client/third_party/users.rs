//! `GET /_matrix/client/v3/thirdparty/user` and `…/user/{protocol}`

use axum::extract::State;
use ruma::api::client::thirdparty::{get_user_for_protocol, get_user_for_user_id};

use super::no_protocol;
use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3thirdpartyuserprotocol)
pub async fn of_protocol(
    State(_): State<App>,
    Authed { .. }: Authed<get_user_for_protocol::v3::Request>,
) -> Result<Answer<get_user_for_protocol::v3::Response>, MatrixError> {
    Err(no_protocol())
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3thirdpartyuser)
pub async fn of_user(
    State(_): State<App>,
    Authed { .. }: Authed<get_user_for_user_id::v3::Request>,
) -> Result<Answer<get_user_for_user_id::v3::Response>, MatrixError> {
    Err(MatrixError::not_found("The user is nobody of a third-party network"))
}

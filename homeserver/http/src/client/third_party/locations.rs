//! `GET /_matrix/client/v3/thirdparty/location` and `…/location/{protocol}`

use axum::extract::State;
use ruma::api::client::thirdparty::{get_location_for_protocol, get_location_for_room_alias};

use super::no_protocol;
use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3thirdpartylocationprotocol)
pub async fn of_protocol(
    State(_): State<App>,
    Authed { .. }: Authed<get_location_for_protocol::v3::Request>,
) -> Result<Answer<get_location_for_protocol::v3::Response>, MatrixError> {
    Err(no_protocol())
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3thirdpartylocation)
pub async fn of_alias(
    State(_): State<App>,
    Authed { .. }: Authed<get_location_for_room_alias::v3::Request>,
) -> Result<Answer<get_location_for_room_alias::v3::Response>, MatrixError> {
    Err(MatrixError::not_found("The alias names no place in a third-party network"))
}

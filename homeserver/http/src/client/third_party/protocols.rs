//! `GET /_matrix/client/v3/thirdparty/protocols` and `…/protocol/{protocol}`

use std::collections::BTreeMap;

use ruma::api::client::thirdparty::{get_protocol, get_protocols};

use super::no_protocol;
use crate::{Answer, App, Authed, MatrixError};
use axum::extract::State;

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3thirdpartyprotocols)
pub async fn all(
    State(_): State<App>,
    Authed { .. }: Authed<get_protocols::v3::Request>,
) -> Result<Answer<get_protocols::v3::Response>, MatrixError> {
    Ok(Answer(get_protocols::v3::Response::new(BTreeMap::new())))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3thirdpartyprotocolprotocol)
pub async fn one(
    State(_): State<App>,
    Authed { .. }: Authed<get_protocol::v3::Request>,
) -> Result<Answer<get_protocol::v3::Response>, MatrixError> {
    Err(no_protocol())
}

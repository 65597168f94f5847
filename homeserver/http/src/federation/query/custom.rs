//! `GET /_matrix/federation/v1/query/{queryType}`

use axum::extract::State;
use ruma::api::federation::query::get_custom_information::v1::{Request, Response};

use crate::{Answer, App, MatrixError, federation::Peer};

/// Types of questions that the specification does not name; this server knows none.
pub async fn handler(_: State<App>, _: Peer<Request>) -> Result<Answer<Response>, MatrixError> {
    Err(MatrixError::not_found("This server answers no such question"))
}

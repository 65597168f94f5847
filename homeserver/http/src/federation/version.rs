//! `GET /_matrix/federation/v1/version`

use axum::extract::State;
use ruma::api::federation::discovery::get_server_version::v1::{Request, Response, Server};

use crate::{Answer, App, MatrixError, Public};

/// Which program this is.
pub async fn handler(State(_): State<App>, _: Public<Request>) -> Result<Answer<Response>, MatrixError> {
    let mut server = Server::new();
    server.name = Some("Lianqiao".to_owned());
    server.version = Some(env!("CARGO_PKG_VERSION").to_owned());
    let mut response = Response::new();
    response.server = Some(server);
    Ok(Answer(response))
}

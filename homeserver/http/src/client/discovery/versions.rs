//! `GET /_matrix/client/versions`

use axum::extract::State;
use ruma::api::client::discovery::get_supported_versions::{Request, Response};

use crate::{Answer, App, MatrixError, Public};

/// Releases of the specification that this server speaks. The old r0 names stay, because clients of
/// that age look for nothing else.
pub const VERSIONS: [&str; 22] = [
    "r0.5.0", "r0.6.0", "r0.6.1", "v1.1", "v1.2", "v1.3", "v1.4", "v1.5", "v1.6", "v1.7", "v1.8", "v1.9",
    "v1.10", "v1.11", "v1.12", "v1.13", "v1.14", "v1.15", "v1.16", "v1.17", "v1.18", "v1.19",
];

/// Features under their unstable names that clients look for before they use them.
pub const UNSTABLE_FEATURES: [&str; 12] = [
    "org.matrix.e2e_cross_signing",
    "org.matrix.label_based_filtering",
    "org.matrix.msc2285.stable",
    "org.matrix.msc3026.busy_presence",
    "org.matrix.msc3030",
    "org.matrix.msc3440.stable",
    "org.matrix.msc3773",
    "org.matrix.msc3827.stable",
    "org.matrix.msc3856",
    "org.matrix.msc3952_intentional_mentions",
    "org.matrix.msc4222",
    "uk.tcpip.msc4133.stable",
];

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientversions)
pub async fn handler(_: State<App>, _: Public<Request>) -> Result<Answer<Response>, MatrixError> {
    let mut response = Response::new(VERSIONS.map(str::to_owned).to_vec());
    response.unstable_features = UNSTABLE_FEATURES.map(|name| (name.to_owned(), true)).into();
    Ok(Answer(response))
}

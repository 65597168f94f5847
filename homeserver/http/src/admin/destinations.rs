//! `GET /_synapse/admin/v1/federation/destinations`: other servers that this one sends to.

use http::Method;
use serde_json::{Value, json};

use super::call::{Call, endpoint};
use crate::{MatrixError, Routes};

pub(super) fn routes() -> Routes {
    let routes = endpoint(Routes::new(), Method::GET, "/_synapse/admin/v1/federation/destinations", list);
    let one = "/_synapse/admin/v1/federation/destinations/{destination}";
    let rooms = "/_synapse/admin/v1/federation/destinations/{destination}/rooms";
    endpoint(endpoint(routes, Method::GET, one, unknown), Method::GET, rooms, unknown)
}

/// This server does not federate, so that there are none.
async fn list(_: Call) -> Result<Value, MatrixError> {
    Ok(json!({ "destinations": [], "total": 0 }))
}

async fn unknown(_: Call) -> Result<Value, MatrixError> {
    Err(MatrixError::not_found("Unknown destination"))
}

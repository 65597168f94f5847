//! `GET /_synapse/admin/v1/server_version` and the like.

use http::Method;
use serde_json::{Value, json};

use super::call::{Call, endpoint};
use crate::{MatrixError, Routes};

pub(super) fn routes() -> Routes {
    endpoint(Routes::new(), Method::GET, "/_synapse/admin/v1/server_version", version)
}

async fn version(_: Call) -> Result<Value, MatrixError> {
    Ok(json!({ "server_version": concat!("Lianqiao ", env!("CARGO_PKG_VERSION")) }))
}

//! `GET`, `PUT`, `DELETE /_lianqiao/admin/v1/federation/policy`: with whom this server talks, and about what.

use federation::policy::PolicySettings;
use http::Method;
use serde_json::{Value, json};

use super::call::{Call, endpoint};
use crate::{MatrixError, Routes};

pub(super) fn routes() -> Routes {
    let path = "/_lianqiao/admin/v1/federation/policy";
    let routes = endpoint(Routes::new(), Method::GET, path, show);
    let routes = endpoint(routes, Method::PUT, path, set);
    endpoint(routes, Method::DELETE, path, take_back)
}

/// The policy in force, and whether it was set over the configuration.
async fn show(call: Call) -> Result<Value, MatrixError> {
    let (policy, is_set) = call.app.federation.policy().current();
    Ok(json!({ "policy": policy, "overrides_configuration": is_set }))
}

/// From now on, and after every restart.
async fn set(call: Call) -> Result<Value, MatrixError> {
    let policy: PolicySettings = call.body()?;
    policy.check().map_err(|error| MatrixError::invalid_param(error.to_string()))?;
    call.app.federation.policy().set(Some(policy)).await?;
    Ok(json!({}))
}

/// The configuration counts again.
async fn take_back(call: Call) -> Result<Value, MatrixError> {
    call.app.federation.policy().set(None).await?;
    Ok(json!({}))
}

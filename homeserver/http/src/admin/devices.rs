//! `/_synapse/admin/v2/users/{user_id}/devices`

use accounts::{AccountError, Device};
use http::Method;
use ruma::{OwnedDeviceId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, endpoint};
use crate::{MatrixError, Routes};

const ALL: &str = "/_synapse/admin/v2/users/{user_id}/devices";
const ONE: &str = "/_synapse/admin/v2/users/{user_id}/devices/{device_id}";

pub(super) fn routes() -> Routes {
    let mut routes = endpoint(Routes::new(), Method::GET, ALL, list);
    routes = endpoint(routes, Method::GET, ONE, get);
    routes = endpoint(routes, Method::PUT, ONE, rename);
    routes = endpoint(routes, Method::DELETE, ONE, delete);
    endpoint(routes, Method::POST, "/_synapse/admin/v2/users/{user_id}/delete_devices", delete_some)
}

fn described(user: &UserId, device: Device) -> Value {
    json!({
        "device_id": device.id,
        "user_id": user,
        "display_name": device.display_name,
        "last_seen_ip": device.last_seen_address,
        "last_seen_user_agent": device.last_seen_user_agent,
        "last_seen_ts": device.last_seen_ms,
    })
}

async fn list(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    let devices = call.app.accounts.devices(&call.app.store, &user).await?;
    let devices: Vec<Value> = devices.into_iter().map(|device| described(&user, device)).collect();
    Ok(json!({ "total": devices.len(), "devices": devices }))
}

fn device_id(call: &Call) -> OwnedDeviceId {
    OwnedDeviceId::from(call.argument(1))
}

async fn get(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    let device = call.app.accounts.device(&call.app.store, &user, &device_id(&call)).await?;
    Ok(described(&user, device.ok_or(AccountError::UnknownDevice)?))
}

#[derive(Deserialize)]
struct Rename {
    #[serde(default)]
    display_name: Option<String>,
}

async fn rename(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    let Rename { display_name } = call.body()?;
    call.app.accounts.rename_device(&user, &device_id(&call), display_name.as_deref()).await?;
    Ok(json!({}))
}

async fn delete(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    call.app.accounts.remove_devices(&user, &[device_id(&call)]).await?;
    Ok(json!({}))
}

#[derive(Deserialize)]
struct DeleteSome {
    devices: Vec<OwnedDeviceId>,
}

async fn delete_some(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    let DeleteSome { devices } = call.body()?;
    call.app.accounts.remove_devices(&user, &devices).await?;
    Ok(json!({}))
}

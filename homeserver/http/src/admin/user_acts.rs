//! What is done to one account: closing, passwords, sessions, rate limits, rank.

use accounts::DeviceChoice;
use administration::RateOverride;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, endpoint},
    must_be_manageable,
};
use crate::{MatrixError, Rate, Routes};

pub(super) fn routes() -> Routes {
    let limit = "/_synapse/admin/v1/users/{user_id}/override_ratelimit";
    let rank = "/_synapse/admin/v1/users/{user_id}/admin";
    let mut routes = Routes::new();
    routes = endpoint(routes, Method::POST, "/_synapse/admin/v1/deactivate/{user_id}", deactivate);
    routes = endpoint(routes, Method::POST, "/_synapse/admin/v1/reset_password/{user_id}", reset_password);
    routes = endpoint(routes, Method::POST, "/_synapse/admin/v1/users/{user_id}/login", login);
    routes = endpoint(routes, Method::PUT, "/_synapse/admin/v1/suspend/{user_id}", suspend);
    routes = endpoint(routes, Method::GET, rank, is_admin);
    routes = endpoint(routes, Method::PUT, rank, set_admin);
    routes = endpoint(routes, Method::GET, limit, rate);
    routes = endpoint(routes, Method::POST, limit, set_rate);
    endpoint(routes, Method::DELETE, limit, delete_rate)
}

#[derive(Deserialize)]
struct Deactivate {
    #[serde(default)]
    erase: bool,
}

async fn deactivate(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    call.app.flows.deactivate(&user, call.body::<Deactivate>()?.erase).await?;
    Ok(json!({ "id_server_unbind_result": "success" }))
}

#[derive(Deserialize)]
struct ResetPassword {
    new_password: String,
    #[serde(default)]
    logout_devices: Option<bool>,
}

async fn reset_password(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    let body: ResetPassword = call.body()?;
    call.app.accounts.check_password_policy(&body.new_password)?;
    call.app.accounts.set_password(&user, &body.new_password).await?;
    if body.logout_devices.unwrap_or(true) {
        call.app.accounts.remove_other_devices(&user, None).await?;
    }
    Ok(json!({}))
}

#[derive(Deserialize)]
struct Login {
    #[serde(default)]
    valid_until_ms: Option<u64>,
}

async fn login(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    if user == call.caller.user {
        return Err(MatrixError::bad_request("You are logged in as this user already"));
    }
    let device = DeviceChoice {
        display_name: Some(format!("Opened by {}", call.caller.user)),
        ..DeviceChoice::default()
    };
    let until_ms = call.body::<Login>()?.valid_until_ms;
    let session = call.app.accounts.login_for_administrator(&user, &device, until_ms).await?;
    Ok(json!({ "access_token": session.tokens.access_token, "device_id": session.device }))
}

#[derive(Deserialize)]
struct Suspend {
    suspend: bool,
}

async fn suspend(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    let Suspend { suspend } = call.body()?;
    must_be_manageable(&call.app, &call.caller, &user).await?;
    call.app.accounts.set_suspended(&user, suspend).await?;
    Ok(json!({ format!("user_{user}_suspended"): suspend }))
}

#[derive(Deserialize)]
struct Rank {
    admin: bool,
}

async fn is_admin(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    Ok(json!({ "admin": call.app.accounts.is_admin(&call.app.store, &user).await? }))
}

async fn set_admin(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    let Rank { admin } = call.body()?;
    if user == call.caller.user && !admin {
        return Err(MatrixError::bad_request("You may not take your own administration away"));
    }
    call.app.accounts.set_admin(&user, admin).await?;
    Ok(json!({}))
}

async fn rate(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    Ok(written(call.app.administration.rate_override(&user).await?))
}

#[derive(Deserialize)]
struct NewRate {
    #[serde(default)]
    messages_per_second: u64,
    #[serde(default)]
    burst_count: u64,
}

async fn set_rate(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    let NewRate { messages_per_second, burst_count } = call.body()?;
    let rate = RateOverride { messages_per_second, burst_count };
    call.app.administration.set_rate_override(&user, Some(rate)).await?;
    call.app.limits.set_own(&user, Some(rate.into()));
    Ok(written(Some(rate)))
}

async fn delete_rate(call: Call) -> Result<Value, MatrixError> {
    let user = call.existing_user(0).await?;
    call.app.administration.set_rate_override(&user, None).await?;
    call.app.limits.set_own(&user, None);
    Ok(json!({}))
}

fn written(rate: Option<RateOverride>) -> Value {
    match rate {
        Some(RateOverride { messages_per_second, burst_count }) => {
            json!({ "messages_per_second": messages_per_second, "burst_count": burst_count })
        }
        None => json!({}),
    }
}

impl From<RateOverride> for Rate {
    fn from(rate: RateOverride) -> Self {
        let burst = u32::try_from(rate.burst_count).unwrap_or(u32::MAX);
        Self { per_second: rate.messages_per_second as f64, burst }
    }
}

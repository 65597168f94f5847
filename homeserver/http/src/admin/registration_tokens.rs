//! `/_synapse/admin/v1/registration_tokens`

use accounts::RegistrationToken;
use http::Method;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::call::{Call, endpoint};
use crate::{MatrixError, Routes};

const ALL: &str = "/_synapse/admin/v1/registration_tokens";
const ONE: &str = "/_synapse/admin/v1/registration_tokens/{token}";

pub(super) fn routes() -> Routes {
    let mut routes = endpoint(Routes::new(), Method::GET, ALL, list);
    routes = endpoint(routes, Method::POST, "/_synapse/admin/v1/registration_tokens/new", create);
    routes = endpoint(routes, Method::GET, ONE, get);
    routes = endpoint(routes, Method::PUT, ONE, update);
    endpoint(routes, Method::DELETE, ONE, delete)
}

fn described(token: &RegistrationToken) -> Value {
    json!({
        "token": token.token,
        "uses_allowed": token.uses_allowed,
        "pending": token.pending,
        "completed": token.completed,
        "expiry_time": token.expires_ms,
    })
}

async fn list(call: Call) -> Result<Value, MatrixError> {
    let valid = call.flag("valid")?;
    let accounts = &call.app.accounts;
    let tokens = accounts.registration_tokens().await?;
    let tokens: Vec<Value> = tokens
        .iter()
        .filter(|token| valid.is_none_or(|valid| valid == accounts.admits_registration(token)))
        .map(described)
        .collect();
    Ok(json!({ "registration_tokens": tokens }))
}

async fn get(call: Call) -> Result<Value, MatrixError> {
    let token = call.app.accounts.registration_token(call.argument(0)).await?;
    Ok(described(&token.ok_or_else(|| MatrixError::not_found("No such registration token"))?))
}

/// A key that is there with null is not the same as one that is not there.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<u64>>, D::Error> {
    Option::<u64>::deserialize(value).map(Some)
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    token: Option<String>,
    #[serde(default, deserialize_with = "present")]
    uses_allowed: Option<Option<u64>>,
    #[serde(default, deserialize_with = "present")]
    expiry_time: Option<Option<u64>>,
}

impl Body {
    fn of(call: &Call) -> Result<Self, MatrixError> {
        let body: Self = call.body().map_err(|_| {
            MatrixError::invalid_param(
                "uses_allowed and expiry_time are whole numbers or null, token is a text",
            )
        })?;
        let now_ms = call.app.clock.now_ms();
        if body.expiry_time.flatten().is_some_and(|expiry_ms| expiry_ms < now_ms) {
            return Err(MatrixError::invalid_param("expiry_time must not be in the past"));
        }
        Ok(body)
    }
}

async fn create(call: Call) -> Result<Value, MatrixError> {
    let body = Body::of(&call)?;
    let (uses, expires_ms) = (body.uses_allowed.flatten(), body.expiry_time.flatten());
    Ok(described(&call.app.accounts.create_registration_token(body.token, uses, expires_ms).await?))
}

async fn update(call: Call) -> Result<Value, MatrixError> {
    let body = Body::of(&call)?;
    let accounts = &call.app.accounts;
    let changed =
        accounts.update_registration_token(call.argument(0), body.uses_allowed, body.expiry_time).await?;
    Ok(described(&changed))
}

async fn delete(call: Call) -> Result<Value, MatrixError> {
    call.app.accounts.delete_registration_token(call.argument(0)).await?;
    Ok(json!({}))
}

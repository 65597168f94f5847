//! `GET` and `POST /_synapse/admin/v1/register`: registration by a secret shared with the operator.
//!
//! The form is that of Synapse, because provisioning tools speak it.

use accounts::{DeviceChoice, SharedSecretRegistration};
use axum::{
    Json,
    body::Body,
    extract::{Request, State},
};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Action, App, ClientInfo, MatrixError, Routes, extract::read_body, limits::JSON_BODY_BYTES_MAX};

const PATH: &str = "/_synapse/admin/v1/register";

/// Both methods.
pub fn routes() -> Routes {
    Routes::new().raw(Method::GET, PATH, nonce).raw(Method::POST, PATH, register)
}

#[derive(Deserialize)]
struct RegisterBody {
    nonce: String,
    username: String,
    password: String,
    mac: String,
    #[serde(default)]
    admin: bool,
    #[serde(default)]
    user_type: Option<String>,
    #[serde(default)]
    displayname: Option<String>,
}

/// A nonce that is good for one registration within the next minute.
pub async fn nonce(State(app): State<App>) -> Result<Json<Value>, MatrixError> {
    let nonce = app.accounts.shared_secret_nonce()?;
    Ok(Json(json!({ "nonce": nonce })))
}

/// Creates the account if the message authentication code fits.
pub async fn register(State(app): State<App>, request: Request<Body>) -> Result<Json<Value>, MatrixError> {
    let (parts, body) = request.into_parts();
    app.limits.address(ClientInfo::of(&parts, &app).address, Action::Registration)?;
    let body = read_body(&app, &parts.headers, body, JSON_BODY_BYTES_MAX).await?;
    let body: RegisterBody =
        serde_json::from_slice(&body).map_err(|error| MatrixError::bad_json(error.to_string()))?;
    let registration = SharedSecretRegistration {
        nonce: body.nonce,
        username: body.username,
        password: body.password,
        admin: body.admin,
        user_type: body.user_type,
        display_name: body.displayname,
        mac: body.mac,
        device: DeviceChoice::default(),
    };
    let registered = app.accounts.register_with_shared_secret(registration).await?;
    let mut answer = json!({ "user_id": registered.user, "home_server": app.accounts.server_name() });
    if let Some(session) = registered.session {
        answer["access_token"] = session.tokens.access_token.into();
        answer["device_id"] = session.device.as_str().into();
    }
    Ok(Json(answer))
}

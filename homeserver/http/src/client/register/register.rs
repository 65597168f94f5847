//! `POST /_matrix/client/v3/register`

use accounts::{DeviceChoice, Operation, Registered, Registration, RegistrationRequest};
use axum::{Json, extract::State};
use ruma::api::client::account::register::{RegistrationKind, v3::Request};
use serde_json::{Value, json};

use super::service;
use crate::{
    Action, App, MatrixError, Public,
    extract::{ServiceToken, Uia, With},
};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3register)
pub async fn handler(
    State(app): State<App>,
    Public { client, request: With { request: Uia(request), part: token } }: Public<
        With<ServiceToken, Uia<Request>>,
    >,
) -> Result<Json<Value>, MatrixError> {
    let service = service::of(&app, &token, &request)?;
    if service.as_ref().is_none_or(|service| service.is_rate_limited) {
        app.limits.address(client.address, Action::Registration)?;
    }
    let device = DeviceChoice {
        id: request.device_id.clone(),
        display_name: request.initial_device_display_name.clone(),
        refreshable: request.refresh_token,
    };
    if let Some(service) = service {
        return Ok(Json(answer(service::register(&app, &service, request, device).await?)));
    }
    let registered = match request.kind {
        RegistrationKind::Guest => app.accounts.register_guest(device).await?,
        RegistrationKind::User => register_user(&app, request, device).await?,
        _ => return Err(MatrixError::invalid_param("Unknown kind of registration")),
    };
    Ok(Json(answer(registered)))
}

async fn register_user(app: &App, request: Request, device: DeviceChoice) -> Result<Registered, MatrixError> {
    if request.login_type.is_some() {
        return Err(MatrixError::forbidden("Nobody registers with this type here"));
    }
    if app.accounts.settings().registration == Registration::Closed {
        return Err(MatrixError::forbidden("Registration has been disabled"));
    }
    // What cannot succeed is said before the person goes through any stage.
    if let Some(name) = &request.username {
        app.accounts.check_available(name).await?;
    }
    if let Some(password) = &request.password {
        app.accounts.check_password_policy(password)?;
    }
    // Only the name binds: some clients begin with an empty request to learn the flows and fill in
    // the rest later, and nobody's account is at stake yet.
    let operation = Operation::new("POST /register");
    let earned = app.accounts.registration_interactive(operation, request.auth.as_ref()).await?;
    if request.password.is_none() {
        return Err(MatrixError::missing_param("Missing parameter: password"));
    }
    let request = RegistrationRequest {
        username: request.username,
        password: request.password,
        device,
        inhibit_login: request.inhibit_login,
        earned,
    };
    Ok(app.accounts.register(request).await?)
}

/// Written by hand, because ruma sends `device_id: null` where no session was wanted.
fn answer(registered: Registered) -> Value {
    let mut answer = json!({ "user_id": registered.user, "home_server": registered.user.server_name() });
    if let Some(session) = registered.session {
        answer["device_id"] = json!(session.device);
        answer["access_token"] = json!(session.tokens.access_token);
        if let Some(refresh_token) = session.tokens.refresh_token {
            answer["refresh_token"] = json!(refresh_token);
        }
        if let Some(expires_in_ms) = session.tokens.expires_in_ms {
            answer["expires_in_ms"] = json!(expires_in_ms);
        }
    }
    answer
}

//! `POST /_matrix/client/v3/register`

use std::time::Duration;

use accounts::{DeviceChoice, Operation, Registered, Registration, RegistrationRequest};
use axum::extract::State;
use ruma::api::client::account::register::{
    RegistrationKind,
    v3::{Request, Response},
};

use crate::{Action, Answer, App, MatrixError, Public, extract::Uia};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3register)
pub async fn handler(
    State(app): State<App>,
    Public { client, request: Uia(request) }: Public<Uia<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.address(client.address, Action::Registration)?;
    let device = DeviceChoice {
        id: request.device_id.clone(),
        display_name: request.initial_device_display_name.clone(),
        refreshable: request.refresh_token,
    };
    let registered = match request.kind {
        RegistrationKind::Guest => app.accounts.register_guest(device).await?,
        RegistrationKind::User => register_user(&app, request, device).await?,
        _ => return Err(MatrixError::invalid_param("Unknown kind of registration")),
    };
    Ok(Answer(response(registered)))
}

async fn register_user(app: &App, request: Request, device: DeviceChoice) -> Result<Registered, MatrixError> {
    if request.login_type.is_some() {
        return Err(MatrixError::forbidden("Only application services register with this type"));
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
    let registration_token = app.accounts.registration_interactive(operation, request.auth.as_ref()).await?;
    if request.password.is_none() {
        return Err(MatrixError::missing_param("Missing parameter: password"));
    }
    let request = RegistrationRequest {
        username: request.username,
        password: request.password,
        device,
        inhibit_login: request.inhibit_login,
        registration_token,
    };
    Ok(app.accounts.register(request).await?)
}

fn response(registered: Registered) -> Response {
    let mut response = Response::new(registered.user);
    if let Some(session) = registered.session {
        response.device_id = Some(session.device);
        response.access_token = Some(session.tokens.access_token);
        response.refresh_token = session.tokens.refresh_token;
        response.expires_in = session.tokens.expires_in_ms.map(Duration::from_millis);
    }
    response
}

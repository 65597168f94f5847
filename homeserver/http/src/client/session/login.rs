//! `POST /_matrix/client/v3/login`

use std::{sync::Arc, time::Duration};

use accounts::{DeviceChoice, LoggedIn, LoginName};
use appservice::Service;
use axum::extract::State;
use ruma::{
    OwnedUserId, UserId,
    api::{
        IncomingRequest as _,
        client::{
            session::login::v3::{
                ApplicationService, DiscoveryInfo, HomeserverInfo, LoginInfo, Password, Request, Response,
            },
            uiaa::UserIdentifier,
        },
    },
};
use serde_json::{Map, Value};

use crate::{
    Action, Answer, App, MatrixError, Public,
    extract::{Raw, ServiceToken, With},
};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3login)
pub async fn handler(
    State(app): State<App>,
    Public { client, request: With { request, part: token } }: Public<With<ServiceToken, Raw<Request>>>,
) -> Result<Answer<Response>, MatrixError> {
    let request = parsed(&request)?;
    let service = match &request.login_info {
        LoginInfo::ApplicationService(_) => Some(service_of(&app, &token)?),
        _ => None,
    };
    if service.as_ref().is_none_or(|service| service.is_rate_limited) {
        app.limits.address(client.address, Action::Login)?;
    }
    let device = DeviceChoice {
        id: request.device_id,
        display_name: request.initial_device_display_name,
        refreshable: request.refresh_token,
    };
    let logged_in = match request.login_info {
        LoginInfo::Password(password) => by_password(&app, password, &device).await?,
        LoginInfo::ApplicationService(login) => by_service(&app, service.as_deref(), login, &device).await?,
        LoginInfo::Token(token) => app.accounts.login_with_token(&token.token, &device).await?,
        _ => return Err(MatrixError::bad_request("Unknown login type")),
    };
    app.accounts.note_seen(
        &logged_in.user,
        &logged_in.device,
        Some(client.address),
        client.user_agent.as_deref(),
    );
    Ok(Answer(response(&app, logged_in)))
}

/// ruma reads `type` without looking whether it is there, so that is done first.
fn parsed(request: &Raw<Request>) -> Result<Request, MatrixError> {
    let body: Map<String, Value> = serde_json::from_str(request.object()?.get())
        .map_err(|error| MatrixError::bad_json(error.to_string()))?;
    match body.get("type") {
        Some(Value::String(_)) => {}
        Some(_) => return Err(MatrixError::bad_json("The type of the login must be a string")),
        None => return Err(MatrixError::missing_param("Missing parameter: type")),
    }
    let request = http::Request::new(&*request.body);
    Ok(Request::try_from_http_request_inner(request, &[])?)
}

async fn by_password(app: &App, password: Password, device: &DeviceChoice) -> Result<LoggedIn, MatrixError> {
    let name = login_name(&password)?;
    if let LoginName::Email(address) = &name {
        app.limits.text(&address.trim().to_lowercase(), Action::LoginFailed)?;
    }
    if let LoginName::User(text) = &name
        && let Some(user) = guessed_account(app, text)
    {
        // Before the password is looked at, and for names that do not exist too: whoever guesses one
        // account's password from many addresses learns nothing more once this bucket is empty.
        app.limits.user(&user, Action::LoginFailed)?;
    }
    Ok(app.accounts.login_with_password(&name, &password.password, device).await?)
}

fn service_of(app: &App, token: &ServiceToken) -> Result<Arc<Service>, MatrixError> {
    let token = token.0.as_deref().ok_or_else(MatrixError::missing_token)?;
    let loaded = app.services.register().loaded();
    loaded.by_token(token).cloned().ok_or_else(|| MatrixError::unknown_token(false))
}

/// [Appservice login](https://spec.matrix.org/v1.19/client-server-api/#appservice-login)
#[expect(deprecated, reason = "older bridges name the user outside of an identifier")]
async fn by_service(
    app: &App,
    service: Option<&Service>,
    login: ApplicationService,
    device: &DeviceChoice,
) -> Result<LoggedIn, MatrixError> {
    let service = service.ok_or_else(MatrixError::missing_token)?;
    let name = match (login.identifier, login.user) {
        (Some(UserIdentifier::Matrix(matrix)), _) => matrix.user,
        (Some(_), _) => return Err(MatrixError::bad_request("Unknown type of identifier")),
        (None, Some(user)) => user,
        (None, None) => return Err(MatrixError::missing_param("Missing parameter: identifier")),
    };
    let user = UserId::parse_with_server_name(name.as_str(), app.accounts.server_name())
        .map_err(|error| MatrixError::invalid_param(error.to_string()))?;
    app.services.check_user(&user, service)?;
    if user == service.sender {
        app.accounts.ensure_service_user(&user).await?;
    }
    Ok(app.accounts.login_for_service(&user, device).await?)
}

fn guessed_account(app: &App, name: &str) -> Option<OwnedUserId> {
    let name = name.to_ascii_lowercase();
    let id = if name.starts_with('@') { name } else { format!("@{name}:{}", app.accounts.server_name()) };
    UserId::parse(id).ok()
}

/// The name, in today's form or in one of the two that older clients send.
#[expect(deprecated, reason = "old clients name the user outside of an identifier")]
fn login_name(password: &Password) -> Result<LoginName, MatrixError> {
    match (&password.identifier, &password.user) {
        (Some(UserIdentifier::Matrix(matrix)), _) => Ok(LoginName::User(matrix.user.clone())),
        (Some(UserIdentifier::Email(email)), _) => Ok(LoginName::Email(email.address.clone())),
        (Some(UserIdentifier::Msisdn(_) | UserIdentifier::PhoneNumber(_)), _) => Ok(LoginName::ThirdParty),
        (Some(_), _) => Err(MatrixError::bad_request("Unknown type of identifier")),
        (None, Some(user)) => Ok(LoginName::User(user.clone())),
        (None, None) if password.address.is_some() => {
            Ok(match (password.medium.as_deref(), &password.address) {
                (Some("email"), Some(address)) => LoginName::Email(address.clone()),
                _ => LoginName::ThirdParty,
            })
        }
        (None, None) => Err(MatrixError::missing_param("Missing parameter: identifier")),
    }
}

#[expect(deprecated, reason = "clients of the first releases read the server name from home_server")]
fn response(app: &App, logged_in: LoggedIn) -> Response {
    let LoggedIn { user, device, tokens } = logged_in;
    let mut response = Response::new(user, tokens.access_token, device);
    response.home_server = Some(app.accounts.server_name().to_owned());
    response.refresh_token = tokens.refresh_token;
    response.expires_in = tokens.expires_in_ms.map(Duration::from_millis);
    response.well_known =
        app.settings.public_base_url.clone().map(|url| DiscoveryInfo::new(HomeserverInfo::new(url)));
    response
}

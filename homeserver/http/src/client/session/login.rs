//! `POST /_matrix/client/v3/login`

use std::time::Duration;

use accounts::{DeviceChoice, LoggedIn, LoginName};
use axum::extract::State;
use ruma::{
    OwnedUserId, UserId,
    api::{
        IncomingRequest as _,
        client::{
            session::login::v3::{DiscoveryInfo, HomeserverInfo, LoginInfo, Password, Request, Response},
            uiaa::UserIdentifier,
        },
    },
};
use serde_json::{Map, Value};

use crate::{Action, Answer, App, MatrixError, Public, extract::Raw};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3login)
pub async fn handler(
    State(app): State<App>,
    Public { client, request }: Public<Raw<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.address(client.address, Action::Login)?;
    let request = parsed(&request)?;
    let device = DeviceChoice {
        id: request.device_id,
        display_name: request.initial_device_display_name,
        refreshable: request.refresh_token,
    };
    let logged_in = match request.login_info {
        LoginInfo::Password(password) => by_password(&app, password, &device).await?,
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

//! `GET /_matrix/client/v3/login`

use axum::{Json, extract::State};
use ruma::api::client::session::get_login_types::v3::{
    ApplicationServiceLoginType, IdentityProvider, LoginType, PasswordLoginType, Request, SsoLoginType,
    TokenLoginType,
};
use serde_json::{Value, json};

use crate::{App, MatrixError, Public};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3login)
pub async fn handler(State(app): State<App>, _: Public<Request>) -> Result<Json<Value>, MatrixError> {
    let settings = app.accounts.settings();
    let mut flows = Vec::new();
    if settings.password_login {
        flows.push(LoginType::Password(PasswordLoginType::new()));
    }
    let mut sso = SsoLoginType::new();
    sso.identity_providers = app
        .flows
        .single_sign_on()
        .providers()
        .map(|provider| {
            let mut offered = IdentityProvider::new(provider.id.clone(), provider.name.clone());
            offered.brand = provider.brand.as_deref().map(Into::into);
            offered.icon = provider.icon.as_deref().map(Into::into);
            offered
        })
        .collect();
    if !sso.identity_providers.is_empty() {
        flows.push(LoginType::Sso(sso));
    }
    if settings.login_token {
        let mut token = TokenLoginType::new();
        token.get_login_token = true;
        flows.push(LoginType::Token(token));
    }
    if !app.services.register().loaded().services.is_empty() {
        flows.push(LoginType::ApplicationService(ApplicationServiceLoginType::new()));
    }
    let mut answer = json!({ "flows": flows });
    // ruma writes an absent icon or brand as null, which is neither of what the specification allows.
    for flow in answer["flows"].as_array_mut().into_iter().flatten() {
        let Some(providers) = flow.get_mut("identity_providers").and_then(Value::as_array_mut) else {
            continue;
        };
        for provider in providers.iter_mut().filter_map(Value::as_object_mut) {
            provider.retain(|_, value| !value.is_null());
        }
    }
    Ok(Json(answer))
}

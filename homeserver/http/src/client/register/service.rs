//! `POST /_matrix/client/v3/register` with `m.login.application_service`.

use std::sync::Arc;

use accounts::{DeviceChoice, Registered};
use appservice::Service;
use ruma::api::client::account::register::{LoginType, v3::Request};

use crate::{App, MatrixError, extract::ServiceToken};

/// The service that registers a user of its own; none for a person.
///
/// # Errors
/// 401 for the type of services without the token of one.
pub(super) fn of(
    app: &App,
    token: &ServiceToken,
    request: &Request,
) -> Result<Option<Arc<Service>>, MatrixError> {
    if !matches!(request.login_type, Some(LoginType::ApplicationService)) {
        return Ok(None);
    }
    let token = token.0.as_deref().ok_or_else(MatrixError::missing_token)?;
    let loaded = app.services.register().loaded();
    loaded.by_token(token).cloned().map(Some).ok_or_else(|| MatrixError::unknown_token(false))
}

/// [Server admin style permissions](https://spec.matrix.org/v1.19/application-service-api/#server-admin-style-permissions)
pub(super) async fn register(
    app: &App,
    service: &Service,
    request: Request,
    device: DeviceChoice,
) -> Result<Registered, MatrixError> {
    let name = request.username.ok_or_else(|| MatrixError::missing_param("Missing parameter: username"))?;
    let user = app.accounts.user_id_for(&name)?;
    app.services.check_user(&user, service)?;
    let session = (!request.inhibit_login).then_some(device);
    Ok(app.accounts.register_for_service(name, session).await?)
}

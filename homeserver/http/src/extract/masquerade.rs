//! Requests of application services: for whom they act.
//!
//! [Identity assertion](https://spec.matrix.org/v1.19/application-service-api/#identity-assertion), and of a device
//! (MSC4326). Nobody is made by the way but the service's own user. For people who are not its own it speaks when they said so,
//! and does nothing else: see [`super::speaks`].

use std::sync::Arc;

use appservice::Service;
use http::{StatusCode, Uri};
use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId, api::error::ErrorCode};

use super::{Arguments, Caller, ClientInfo, speaks};
use crate::{App, MatrixError};

/// The service that has this token.
pub(super) fn service(app: &App, token: &str) -> Option<Arc<Service>> {
    app.services.register().loaded().by_token(token).cloned()
}

/// The user whom a service names in the query, or its own.
pub(super) async fn caller(
    app: &App,
    service: Arc<Service>,
    uri: &Uri,
    client: ClientInfo,
) -> Result<Caller, MatrixError> {
    let query = Arguments::of_uri(uri);
    let user = match query.get("user_id") {
        Some(named) => asserted(app, &service, &named, uri).await?,
        None => service.sender.clone(),
    };
    let is_own = service.owns(&user);
    if user == service.sender {
        app.accounts.ensure_service_user(&user).await?;
    } else if !app.accounts.is_active(app.accounts.reader(), &user).await? {
        return Err(MatrixError::forbidden("The application service has not registered this user"));
    }
    // What somebody's devices say is their own word.
    let device = if is_own { device(app, &query, &user).await? } else { None };
    let mut session = app.accounts.session_for_service(&user, device.as_deref()).await?;
    session.is_admin &= is_own;
    Ok(Caller { user, device, is_guest: session.is_guest, client, session, service: Some(service) })
}

async fn asserted(app: &App, service: &Service, named: &str, uri: &Uri) -> Result<OwnedUserId, MatrixError> {
    let user = UserId::parse(named)
        .map_err(|error| MatrixError::invalid_param(format!("user_id is no user id: {error}")))?;
    let is_local = app.accounts.is_local(&user);
    if is_local && service.owns(&user) {
        return Ok(user);
    }
    if is_local && speaks::is_speaking(uri.path()) && app.services.may_speak_for(&service.id, &user).await? {
        return Ok(user);
    }
    Err(MatrixError::forbidden("The application service may not act for this user"))
}

/// The device that the service names, by the name of the specification first.
async fn device(app: &App, query: &Arguments, user: &UserId) -> Result<Option<OwnedDeviceId>, MatrixError> {
    let named = query.get("device_id").or_else(|| query.get("org.matrix.msc3202.device_id"));
    let Some(named) = named else { return Ok(None) };
    let device: &DeviceId = named.as_str().into();
    if app.accounts.device_exists(app.accounts.reader(), user, device).await? {
        return Ok(Some(device.to_owned()));
    }
    Err(MatrixError::new(StatusCode::BAD_REQUEST, ErrorCode::UnknownDevice, "The user has no such device"))
}

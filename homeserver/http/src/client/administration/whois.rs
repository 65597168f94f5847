//! `GET /_matrix/client/v3/admin/whois/{userId}`

use axum::extract::State;
use ruma::{
    MilliSecondsSinceUnixEpoch, UInt,
    api::client::admin::get_user_info::v3::{ConnectionInfo, DeviceInfo, Request, Response, SessionInfo},
};

use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3adminwhoisuserid).
/// Everybody may ask about themselves, administrators about every local user.
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    if caller.user != request.user_id && !caller.session.is_admin {
        return Err(MatrixError::forbidden("Only administrators may ask about others"));
    }
    if !app.accounts.exists(&app.store, &request.user_id).await? {
        return Err(MatrixError::not_found("No such user here"));
    }
    let mut response = Response::new();
    for device in app.accounts.devices(&app.store, &request.user_id).await? {
        let mut connection = ConnectionInfo::new();
        connection.ip = device.last_seen_address;
        connection.last_seen =
            device.last_seen_ms.map(|seen_ms| MilliSecondsSinceUnixEpoch(UInt::new_saturating(seen_ms)));
        connection.user_agent = device.last_seen_user_agent;
        let mut session = SessionInfo::new();
        session.connections = vec![connection];
        let mut info = DeviceInfo::new();
        info.sessions = vec![session];
        response.devices.insert(device.id.to_string(), info);
    }
    response.user_id = Some(request.user_id);
    Ok(Answer(response))
}

//! `GET` and `PUT /_matrix/client/v3/presence/{userId}/status`

use std::time::Duration;

use axum::extract::State;
use rooms::presence::STATUS_BYTES_MAX;
use ruma::{
    api::client::presence::{get_presence, set_presence},
    presence::PresenceState,
};

use crate::{Action, Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3presenceuseridstatus)
pub async fn get(
    State(app): State<App>,
    Authed { caller, request }: Authed<get_presence::v3::Request>,
) -> Result<Answer<get_presence::v3::Response>, MatrixError> {
    if !app.rooms.share_a_room(&app.store, &caller.user, &request.user_id).await? {
        return Err(MatrixError::forbidden("You share no room with this user"));
    }
    let Some(status) = app.rooms.presence().status(&request.user_id) else {
        return Ok(Answer(get_presence::v3::Response::new(PresenceState::Offline)));
    };
    let mut response = get_presence::v3::Response::new(status.state);
    response.status_msg = status.status_msg;
    response.currently_active = Some(status.currently_active);
    response.last_active_ago = status.last_active_ago_ms.map(Duration::from_millis);
    Ok(Answer(response))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3presenceuseridstatus)
pub async fn put(
    State(app): State<App>,
    Authed { caller, request }: Authed<set_presence::v3::Request>,
) -> Result<Answer<set_presence::v3::Response>, MatrixError> {
    if request.user_id != caller.user {
        return Err(MatrixError::forbidden("You can only set your own presence"));
    }
    if request.status_msg.as_ref().is_some_and(|message| message.len() > STATUS_BYTES_MAX) {
        return Err(MatrixError::invalid_param(format!(
            "status_msg is longer than {STATUS_BYTES_MAX} bytes"
        )));
    }
    app.limits.caller(&caller, Action::Presence)?;
    let device = caller.device.as_deref();
    app.rooms.set_presence(&caller.user, device, request.presence, request.status_msg).await?;
    Ok(Answer(set_presence::v3::Response::new()))
}

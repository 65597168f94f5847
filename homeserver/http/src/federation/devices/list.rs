//! `GET /_matrix/federation/v1/user/devices/{userId}`

use axum::extract::State;
use ruma::{
    UInt,
    api::federation::device::get_devices::v1::{Request, Response, UserDevice},
};

use crate::{Answer, App, MatrixError, client::keys::raw, federation::Peer};

/// All devices of a user with their keys, and the number of the last change that was announced.
pub async fn handler(
    State(app): State<App>,
    Peer { request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    if !app.accounts.is_local(&request.user_id) {
        return Err(MatrixError::not_found("The user is not of this server"));
    }
    // The number first: a change between the two reads is announced with a later one.
    let reader = app.store.snapshot();
    let stream_id = app.federation.sender().device_stream_id(&reader, &request.user_id).await;
    let stream_id = stream_id.map_err(|error| MatrixError::internal("read device list", error))?;
    let user = request.user_id;
    let keys = app.flows.published_keys(&reader, &user, &[]).await?;
    let mut names = app.flows.device_names_for_peers(&reader, &user).await?;
    let mut response = Response::new(user, UInt::new_saturating(stream_id));
    for (device, text) in keys.devices {
        let Some(keys) = raw(text) else { continue };
        let name = names.remove(&device).flatten();
        let mut device = UserDevice::new(device, keys);
        device.device_display_name = name;
        response.devices.push(device);
    }
    response.master_key = keys.master.and_then(raw);
    response.self_signing_key = keys.self_signing.and_then(raw);
    Ok(Answer(response))
}

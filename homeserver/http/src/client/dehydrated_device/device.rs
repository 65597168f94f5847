//! `/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device`

use axum::extract::State;
use flows::encryption::NewDehydratedDevice;
use ruma::{
    api::client::dehydrated_device::{
        delete_dehydrated_device::unstable as delete_device, get_dehydrated_device::unstable as get_device,
        put_dehydrated_device::unstable as put_device,
    },
    serde::Raw,
};
use serde_json::value::RawValue;

use crate::{Action, Answer, App, Authed, MatrixError, client::keys::key_upload};

/// The dehydrated device and its private data; 404 `M_NOT_FOUND` when there is none.
pub async fn get(
    State(app): State<App>,
    Authed { caller, .. }: Authed<get_device::Request>,
) -> Result<Answer<get_device::Response>, MatrixError> {
    let device = app.keys.dehydrated_device(&app.store, &caller.user).await?;
    let device = device.ok_or_else(|| MatrixError::not_found("You have no dehydrated device"))?;
    let data = RawValue::from_string(device.data);
    let data = data.map_err(|error| MatrixError::internal("read dehydrated device", error))?;
    Ok(Answer(get_device::Response::new(device.device, Raw::from_json(data))))
}

/// Makes a dehydrated device in place of any former one.
pub async fn put(
    State(app): State<App>,
    Authed { caller, request }: Authed<put_device::Request>,
) -> Result<Answer<put_device::Response>, MatrixError> {
    app.limits.caller(&caller, Action::Keys)?;
    let keys = key_upload(Some(request.device_keys), request.one_time_keys, request.fallback_keys);
    let new = NewDehydratedDevice {
        device: request.device_id.clone(),
        display_name: request.initial_device_display_name,
        data: request.device_data.into_json(),
        keys,
    };
    app.flows.put_dehydrated_device(&caller.user, &new).await?;
    Ok(Answer(put_device::Response::new(request.device_id)))
}

/// Removes the dehydrated device with its keys and its messages.
pub async fn delete(
    State(app): State<App>,
    Authed { caller, .. }: Authed<delete_device::Request>,
) -> Result<Answer<delete_device::Response>, MatrixError> {
    let device = app.flows.delete_dehydrated_device(&caller.user).await?;
    Ok(Answer(delete_device::Response::new(device)))
}

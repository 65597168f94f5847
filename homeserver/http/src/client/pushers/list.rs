//! `GET /_matrix/client/v3/pushers`

use axum::{Json, extract::State};
use delivery::push::Pusher;
use ruma::api::client::push::get_pushers::v3::Request;
use serde_json::{Value, json};

use crate::{App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushers)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, .. }: Authed<Request>,
) -> Result<Json<Value>, MatrixError> {
    let pushers = app.push.pushers(&caller.user).await?;
    Ok(Json(json!({ "pushers": pushers.iter().map(written).collect::<Vec<_>>() })))
}

/// Written by hand, because ruma does not know `enabled` and `device_id` (MSC3881).
fn written(pusher: &Pusher) -> Value {
    let mut written = json!({
        "app_id": pusher.app_id,
        "pushkey": pusher.pushkey,
        "kind": pusher.kind,
        "app_display_name": pusher.app_display_name,
        "device_display_name": pusher.device_display_name,
        "lang": pusher.lang,
        "data": pusher.data,
        "enabled": pusher.enabled,
        "org.matrix.msc3881.enabled": pusher.enabled,
    });
    if let Some(tag) = &pusher.profile_tag {
        written["profile_tag"] = json!(tag);
    }
    if let Some(device) = &pusher.device {
        written["device_id"] = json!(device);
        written["org.matrix.msc3881.device_id"] = json!(device);
    }
    written
}

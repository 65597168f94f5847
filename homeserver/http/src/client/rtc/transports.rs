//! `GET /_matrix/client/unstable/org.matrix.msc4143/rtc/transports`

use axum::extract::State;
use ruma::api::client::rtc::transports::v1::Request;
use serde_json::{Value, json};

use crate::{App, Authed, JsonBytes, MatrixError};

/// The transports that the operator has set up. Without any this server has no such endpoint, and
/// clients look elsewhere.
/// ([MSC4143](https://github.com/matrix-org/matrix-spec-proposals/pull/4143))
pub async fn handler(State(app): State<App>, _: Authed<Request>) -> Result<JsonBytes, MatrixError> {
    let transports = livekit(&app);
    if transports.is_empty() {
        return Err(MatrixError::unrecognized());
    }
    Ok(JsonBytes(json!({ "rtc_transports": transports }).to_string().into()))
}

/// Each LiveKit service as clients want it named, here and in `/.well-known/matrix/client`.
pub(in crate::client) fn livekit(app: &App) -> Vec<Value> {
    let urls = app.settings.rtc_livekit_urls.iter();
    urls.map(|url| json!({ "type": "livekit", "livekit_service_url": url })).collect()
}

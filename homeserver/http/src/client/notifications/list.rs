//! `GET /_matrix/client/v3/notifications`

use axum::extract::State;
use bytes::Bytes;
use model::{EventForm, StreamPos};
use rooms::{access::Viewer, notifications::Notification};
use ruma::api::client::push::get_notifications::v3::Request;
use serde_json::{Value, json, value::RawValue};

use crate::{App, Authed, JsonBytes, MatrixError};

/// Notifications of a page when the client names no number.
const LIMIT_DEFAULT: usize = 20;

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3notifications)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<JsonBytes, MatrixError> {
    let before = request.from.as_deref().filter(|from| !from.is_empty()).map(position).transpose()?;
    let limit = request.limit.map_or(LIMIT_DEFAULT, |limit| usize::try_from(limit).unwrap_or(LIMIT_DEFAULT));
    let only_highlights = request.only.as_deref() == Some("highlight");
    let snapshot = app.store.snapshot();
    let viewer = Viewer { user: &caller.user, device: caller.device.as_deref() };
    let page = app.rooms.notifications(&snapshot, viewer, before, only_highlights, limit).await?;
    let mut written = Vec::with_capacity(page.notifications.len());
    for notification in &page.notifications {
        let shown = std::slice::from_ref(&notification.event);
        let mut event = app.rooms.client_events(&snapshot, viewer, shown, EventForm::Sync).await?;
        written.push(entry(notification, event.pop().unwrap_or_default())?);
    }
    let mut answer = json!({ "notifications": written });
    if let Some(next) = page.next {
        answer["next_token"] = json!(token(next));
    }
    Ok(JsonBytes(answer.to_string().into()))
}

fn entry(notification: &Notification, event: Bytes) -> Result<Value, MatrixError> {
    let event: Box<RawValue> =
        serde_json::from_slice(&event).map_err(|error| MatrixError::internal("write notification", error))?;
    let actions = &notification.actions;
    let mut written = vec![json!("notify")];
    written.extend(actions.sound.iter().map(|sound| json!({ "set_tweak": "sound", "value": &**sound })));
    if actions.highlight {
        written.push(json!({ "set_tweak": "highlight", "value": true }));
    }
    for (name, value) in actions.other_tweaks.iter().flat_map(|tweaks| tweaks.iter()) {
        let value: Value = serde_json::from_str(value).unwrap_or_default();
        written.push(json!({ "set_tweak": name, "value": value }));
    }
    Ok(json!({
        "actions": written,
        "event": event,
        "read": notification.read,
        "room_id": notification.room_id,
        "ts": notification.event.pdu.origin_server_ts(),
    }))
}

/// A token is a place in the stream; clients treat it as a word.
fn token(position: StreamPos) -> String {
    format!("n{}", position.get())
}

fn position(token: &str) -> Result<StreamPos, MatrixError> {
    let number = token.strip_prefix('n').and_then(|number| number.parse().ok());
    number.map(StreamPos::new).ok_or_else(|| MatrixError::invalid_param("from is not a token of this server"))
}

//! Messages to the device (MSC3885), with a token of their own: showing it acknowledges what came with it, whatever
//! became of the connection.

use model::StreamPos;
use ruma::{DeviceId, UserId};

use super::Extending;
use crate::{Inner, SyncError, json::JsonWriter, sliding::limits::TO_DEVICE_MESSAGES_MAX};

const PREFIX: &str = "d1_";

fn parse(since: &str) -> Result<StreamPos, SyncError> {
    let number = since.strip_prefix(PREFIX).and_then(|number| number.parse().ok());
    let known = number.map(StreamPos::new).filter(|position| encode(*position) == since);
    known.ok_or_else(|| SyncError::Request("The since of to_device was not made by this server".to_owned()))
}

fn encode(position: StreamPos) -> String {
    format!("{PREFIX}{}", position.get())
}

/// Deletes the messages that the client has received. A token from beyond our frontier proves nothing.
pub(in crate::sliding) async fn acknowledge(
    inner: &Inner,
    user: &UserId,
    device: Option<&DeviceId>,
    since: Option<&str>,
) -> Result<(), SyncError> {
    let (Some(device), Some(since)) = (device, since.filter(|since| !since.is_empty())) else {
        return Ok(());
    };
    let received = parse(since)?;
    if received <= inner.parts.store.frontier() {
        inner.parts.keys.delete_received(user, device, received).await?;
    }
    Ok(())
}

/// Writes `to_device`, always with a token.
pub(super) async fn write(extending: &mut Extending<'_>, json: &mut JsonWriter) -> Result<bool, SyncError> {
    let context = extending.context;
    let Some(request) = &extending.request.extensions.to_device else { return Ok(false) };
    let Some(device) = context.viewer.device else { return Ok(false) };
    let up_to = context.view.position;
    let since = request.since.as_deref().filter(|since| !since.is_empty()).map(parse).transpose()?;
    let after = since.unwrap_or(StreamPos::ZERO).min(up_to);
    let limit = request.limit.unwrap_or(TO_DEVICE_MESSAGES_MAX).clamp(1, TO_DEVICE_MESSAGES_MAX);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let owner = (context.user(), device);
    let keys = &context.inner.parts.keys;
    let messages = keys.pending_to_device(context.reader(), owner, (after, up_to), limit).await?;
    let handed_out = match messages.last() {
        Some((last, _)) if messages.len() >= limit => *last,
        Some(_) | None => up_to,
    };
    json.key("to_device").object(|json| {
        json.key("next_batch").string(&encode(handed_out));
        if !messages.is_empty() {
            json.key("events").array(|json| messages.iter().for_each(|(_, event)| json.raw(event.as_ref())));
        }
    });
    Ok(!messages.is_empty())
}

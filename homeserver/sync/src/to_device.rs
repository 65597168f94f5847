//! `to_device` and the key counts of the device that asks.

use model::StreamPos;

use crate::{context::Context, errors::SyncError, json::JsonWriter, limits::TO_DEVICE_MESSAGES_MAX};

/// Writes the messages that wait, at most [`TO_DEVICE_MESSAGES_MAX`]. Answers up to which position they were handed
/// out, and whether there were any.
pub(crate) async fn write_messages(
    context: &Context<'_>,
    json: &mut JsonWriter,
) -> Result<(StreamPos, bool), SyncError> {
    let up_to = context.view.position;
    let Some(device) = context.viewer.device else { return Ok((up_to, false)) };
    let after = context.since.map_or(StreamPos::new(0), |since| since.to_device);
    let keys = &context.inner.parts.keys;
    let owner = (context.user(), device);
    let messages =
        keys.pending_to_device(context.reader(), owner, (after, up_to), TO_DEVICE_MESSAGES_MAX).await?;
    let Some((last, _)) = messages.last() else { return Ok((up_to, false)) };
    let handed_out = if messages.len() < TO_DEVICE_MESSAGES_MAX { up_to } else { *last };
    json.events("to_device", messages.iter().map(|(_, event)| event));
    Ok((handed_out, true))
}

/// Writes the key counts. They are always there, so that a client with none left hears it; only a change since the
/// client's token makes the answer worth giving.
pub(crate) async fn write_key_counts(
    context: &Context<'_>,
    json: &mut JsonWriter,
) -> Result<bool, SyncError> {
    let Some(device) = context.viewer.device else { return Ok(false) };
    let counts = context.inner.parts.keys.key_counts(context.reader(), context.user(), device).await?;
    json.key("device_one_time_keys_count").object(|json| {
        for (algorithm, count) in &counts.one_time {
            json.key(algorithm).number(*count);
        }
    });
    for name in ["device_unused_fallback_key_types", "org.matrix.msc2732.device_unused_fallback_key_types"] {
        json.key(name)
            .array(|json| counts.unused_fallback.iter().for_each(|algorithm| json.string(algorithm)));
    }
    Ok(context.since.is_some_and(|since| counts.changed > since.position))
}

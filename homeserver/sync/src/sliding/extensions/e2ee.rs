//! Device lists and key counts (MSC3884). Device lists are about all rooms of the user, in a list or not.

use super::Extending;
use crate::{SyncError, context::Since, device_lists, encounters::Encounters, json::JsonWriter};

/// Writes `e2ee`. The counts are always there, so that a client with none left hears it; only a change since the last
/// answer makes them news.
pub(super) async fn write(extending: &mut Extending<'_>, json: &mut JsonWriter) -> Result<bool, SyncError> {
    let context = extending.context;
    if !extending.request.extensions.e2ee {
        return Ok(false);
    }
    let Some(device) = context.viewer.device else { return Ok(false) };
    let since = extending.progress.cursors.e2ee;
    extending.pending.cursors.e2ee = Some(context.view.position);
    let counts = context.inner.parts.keys.key_counts(context.reader(), context.user(), device).await?;
    json.key("e2ee").open(b'{');
    let mut news = since.is_none_or(|since| counts.changed > since);
    if let Some(position) = since {
        let moments = Since { position, to_device: position, ephemeral: 0 };
        let context = context.with_since(Some(moments));
        let encounters = Box::pin(Encounters::in_all_rooms(&context, position)).await?;
        news |= device_lists::write(&context, json, &encounters).await?;
    }
    json.key("device_one_time_keys_count").object(|json| {
        for (algorithm, count) in &counts.one_time {
            json.key(algorithm).number(*count);
        }
    });
    json.key("device_unused_fallback_key_types")
        .array(|json| counts.unused_fallback.iter().for_each(|algorithm| json.string(algorithm)));
    json.close(b'}');
    Ok(news)
}

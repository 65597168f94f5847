//! Sticky events (MSC4354, MSC4480), with a token of their own: of every joined room in any list, windows aside.

use bytes::Bytes;
use model::{EventForm, RoomNum, StreamPos};
use rooms::visibility::Shown;

use super::Extending;
use crate::{
    SyncError,
    json::JsonWriter,
    sliding::limits::{STICKY_EVENTS_DEFAULT, STICKY_EVENTS_MAX},
};

const PREFIX: &str = "y1_";

fn parse(since: &str) -> Result<StreamPos, SyncError> {
    let number = since.strip_prefix(PREFIX).and_then(|number| number.parse().ok());
    let known = number.map(StreamPos::new).filter(|position| encode(*position) == since);
    known.ok_or_else(|| {
        SyncError::Request("The since of sticky_events was not made by this server".to_owned())
    })
}

fn encode(position: StreamPos) -> String {
    format!("{PREFIX}{}", position.get())
}

/// Writes the section, if there are any.
pub(super) async fn write(extending: &mut Extending<'_>, json: &mut JsonWriter) -> Result<bool, SyncError> {
    let context = extending.context;
    let Some(request) = &extending.request.extensions.sticky_events else { return Ok(false) };
    let up_to = context.view.position;
    let since = request.since.as_deref().filter(|since| !since.is_empty()).map(parse).transpose()?;
    let after = since.unwrap_or(StreamPos::ZERO).min(up_to);
    let limit = request.limit.unwrap_or(STICKY_EVENTS_DEFAULT).clamp(1, STICKY_EVENTS_MAX);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let rooms = &context.inner.parts.rooms;
    let mut found: Vec<(RoomNum, Shown)> = Vec::new();
    for room in &extending.scope.sticky {
        let sticky = rooms.sticky_events(context.reader(), context.viewer, *room, after, up_to).await?;
        found.extend(sticky.into_iter().map(|event| (*room, event)));
    }
    if found.is_empty() {
        return Ok(false);
    }
    // In the order of the stream, so that the token says where a cut answer ends.
    found.sort_by_key(|(_, event)| event.position);
    let is_cut = found.len() > limit;
    found.truncate(limit);
    let last = found.last().and_then(|(_, event)| u64::try_from(event.position.get()).ok());
    let next = last.filter(|_| is_cut).map_or(up_to, StreamPos::new);
    let mut written: Vec<(String, Vec<Bytes>)> = Vec::new();
    for room in &extending.scope.sticky {
        let events: Vec<Shown> =
            found.iter().filter(|(of, _)| of == room).map(|(_, event)| event.clone()).collect();
        if !events.is_empty() {
            let room_id = rooms.room_id(context.reader(), *room).await?;
            let events =
                rooms.client_events(context.reader(), context.viewer, &events, EventForm::Sync).await?;
            written.push((room_id.to_string(), events));
        }
    }
    json.key("org.matrix.msc4354.sticky_events").object(|json| {
        json.key("next_batch").string(&encode(next));
        json.key("rooms").object(|json| {
            written.iter().for_each(|(room_id, events)| json.events(room_id, events));
        });
    });
    Ok(true)
}

//! Receipts (MSC3960). A room that is new to the client comes with the receipts at its timeline and the user's own, not
//! with those of ten thousand others.

use std::collections::HashSet;

use model::StreamPos;
use ruma::{EventId, OwnedRoomId};
use serde_json::value::RawValue;

use super::Extending;
use crate::{
    SyncError,
    json::JsonWriter,
    sliding::{scope::InScope, standing::Standing},
};

/// Writes `receipts`, if there are any.
pub(super) async fn write(extending: &mut Extending<'_>, json: &mut JsonWriter) -> Result<bool, SyncError> {
    let Some(wanted) = &extending.request.extensions.receipts else { return Ok(false) };
    extending.pending.cursors.receipts = true;
    // Whoever has just switched receipts on wants them of all rooms.
    let all: Vec<usize> = (0..extending.scope.rooms.len()).collect();
    let touched = if extending.progress.cursors.receipts { extending.touched } else { &all[..] };
    let mut found: Vec<(OwnedRoomId, Box<RawValue>)> = Vec::new();
    for room in touched.iter().filter_map(|index| extending.scope.rooms.get(*index)) {
        if room.entry.standing != Standing::Joined {
            continue;
        }
        let room_id = extending.room_id(room).await?;
        if extending.scope.holds(wanted, room, &room_id) {
            let receipts = of_room(extending, room).await?;
            found.extend(receipts.map(|receipts| (room_id, receipts)));
        }
    }
    if found.is_empty() {
        return Ok(false);
    }
    json.key("receipts").object(|json| {
        json.key("rooms").object(|json| {
            for (room_id, content) in &found {
                json.key(room_id.as_str()).object(|json| {
                    json.key("content").raw(content.get().as_bytes());
                    json.key("type").string("m.receipt");
                });
            }
        });
    });
    Ok(true)
}

async fn of_room(extending: &mut Extending<'_>, room: &InScope) -> Result<Option<Box<RawValue>>, SyncError> {
    let context = extending.context;
    let rooms = &context.inner.parts.rooms;
    let (reader, num, up_to) = (context.reader(), room.entry.room, context.view.position);
    let Some(told) = extending.sent(num).map(|sent| sent.receipts) else { return Ok(None) };
    let receipts = match (told, extending.fresh.get(&num)) {
        (Some(told), None) if rooms.receipts_latest(reader, num).await? <= told => return Ok(None),
        (Some(told), None) => rooms.receipts_between(reader, num, told, up_to, context.user()).await?,
        (_, fresh) => {
            let events: HashSet<&EventId> =
                fresh.iter().flat_map(|fresh| &fresh.events).map(|event| &**event).collect();
            // A receipt is younger than its event; only events from the beginning of time may have no position.
            let oldest = fresh.and_then(|fresh| fresh.oldest).map_or(0, |oldest| oldest.get());
            let after = StreamPos::new(u64::try_from(oldest).unwrap_or(0).saturating_sub(1));
            rooms.receipts_at_first(reader, num, (after, up_to), &events, context.user()).await?
        }
    };
    if let Some(sent) = extending.sent_mut(num) {
        sent.receipts = Some(up_to);
    }
    Ok(receipts)
}

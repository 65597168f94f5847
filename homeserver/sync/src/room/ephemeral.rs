//! Typing notices and receipts of a room.

use bytes::Bytes;
use model::RoomNum;
use ruma::{OwnedUserId, RoomId};

use crate::{context::Context, errors::SyncError, filter::CompiledFilter, json::JsonWriter};

/// The ephemeral events that the client has not got.
pub(crate) async fn events(
    context: &Context<'_>,
    room: RoomNum,
    room_id: &RoomId,
    fresh: bool,
) -> Result<Vec<Bytes>, SyncError> {
    let section = &context.filter.ephemeral;
    let mut events = Vec::new();
    if !section.rooms.holds(room_id) {
        return Ok(events);
    }
    let rooms = &context.inner.parts.rooms;
    let wanted = |kind| CompiledFilter::passes(&section.events, kind, context.user());
    let since = context.since.filter(|_| !fresh);
    if wanted("m.typing") {
        let typing = match since {
            None => Some(rooms.typing().current(room)).filter(|users| !users.is_empty()),
            Some(since) => rooms.typing().changed_since(room, since.ephemeral),
        };
        events.extend(typing.map(|users| typing_event(&users)));
    }
    let after = since.map_or(model::StreamPos::new(0), |since| since.position);
    if wanted("m.receipt") && rooms.receipts_latest(context.reader(), room).await? > after {
        let up_to = context.view.position;
        let receipts = rooms.receipts_between(context.reader(), room, after, up_to, context.user()).await?;
        events.extend(receipts.map(|content| receipt_event(content.get())));
    }
    Ok(events)
}

fn typing_event(users: &[OwnedUserId]) -> Bytes {
    let mut json = JsonWriter::with_capacity(64 + users.len() * 32);
    json.object(|json| {
        json.key("content").object(|json| {
            json.key("user_ids").array(|json| users.iter().for_each(|user| json.string(user.as_str())));
        });
        json.key("type").string("m.typing");
    });
    json.finish()
}

fn receipt_event(content: &str) -> Bytes {
    let mut json = JsonWriter::with_capacity(content.len() + 32);
    json.object(|json| {
        json.key("content").raw(content.as_bytes());
        json.key("type").string("m.receipt");
    });
    json.finish()
}

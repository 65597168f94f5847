//! Rooms the user is invited to or knocks at: what they may see of a room they are not in.

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::{context::Context, errors::SyncError, json::JsonWriter, plan::RoomPlan};

/// Writes `"<room>":{"invite_state":{"events":[…]}}` for every room, with `field` as the inner name. Answers whether
/// there was any.
pub(crate) async fn write(
    context: &Context<'_>,
    json: &mut JsonWriter,
    section: &str,
    field: &str,
    rooms: &[RoomPlan],
) -> Result<bool, SyncError> {
    let mut open = false;
    for room in rooms {
        if is_from_ignored(context, room).await? {
            continue;
        }
        let events = stripped_events(context, room).await?;
        if !std::mem::replace(&mut open, true) {
            json.key(section).open(b'{');
        }
        json.key(room.room_id.as_str()).object(|json| json.events(field, &events));
    }
    if open {
        json.close(b'}');
    }
    Ok(open)
}

/// Stripped state may come from another server, so one bad event must not spoil the answer: what is no JSON object
/// is left out.
async fn stripped_events(context: &Context<'_>, room: &RoomPlan) -> Result<Vec<Bytes>, SyncError> {
    let rooms = &context.inner.parts.rooms;
    let events = rooms.stripped_state(context.reader(), context.user(), room.room).await?;
    let sound =
        |event: &Bytes| event.first() == Some(&b'{') && serde_json::from_slice::<&RawValue>(event).is_ok();
    Ok(events.into_iter().filter(sound).collect())
}

/// Invites of ignored users are never shown.
async fn is_from_ignored(context: &Context<'_>, room: &RoomPlan) -> Result<bool, SyncError> {
    let parts = &context.inner.parts;
    let ignored = parts.accounts.ignored_users(context.user()).await?;
    if ignored.is_empty() {
        return Ok(false);
    }
    let member = parts.rooms.pdu(context.reader(), room.member.event).await?;
    Ok(ignored.contains(member.sender()))
}

//! Rooms the user is invited to or knocks at: what they may see of a room they are not in.

use bytes::Bytes;
use model::RoomNum;
use rooms::Membership;
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
        if is_unwanted(context, room).await? {
            continue;
        }
        let events = sound_events(context, room.room).await?;
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

/// The stripped state of a room. It may come from another server, so one bad event must not spoil the answer: what is no JSON object
/// is left out.
pub(crate) async fn sound_events(context: &Context<'_>, room: RoomNum) -> Result<Vec<Bytes>, SyncError> {
    let rooms = &context.inner.parts.rooms;
    let events = rooms.stripped_state(context.reader(), context.user(), room).await?;
    let sound =
        |event: &Bytes| event.first() == Some(&b'{') && serde_json::from_slice::<&RawValue>(event).is_ok();
    Ok(events.into_iter().filter(sound).collect())
}

/// Invites of ignored users, and those that the user lets pass unseen, are never shown.
async fn is_unwanted(context: &Context<'_>, room: &RoomPlan) -> Result<bool, SyncError> {
    if room.member.membership != Membership::Invite {
        return Ok(false);
    }
    let rooms = &context.inner.parts.rooms;
    let member = rooms.pdu(context.reader(), room.member.event).await?;
    Ok(rooms.hides_invite(context.user(), member.sender()).await?)
}

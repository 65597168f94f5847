//! Device lists and key counts (MSC3884). Device lists are about all rooms of the user, in a list or not.

use std::collections::HashMap;

use model::{RoomNum, StreamPos};
use rooms::MembershipChange;
use smallvec::SmallVec;

use super::Extending;
use crate::{
    SyncError,
    context::{Context, Since},
    device_lists,
    encounters::Encounters,
    json::JsonWriter,
    plan::RoomPlan,
};

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
        let encounters = Box::pin(encounters(&context, position)).await?;
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

type Changes = HashMap<RoomNum, SmallVec<[MembershipChange; 2]>>;

/// Who came into the user's rooms and who went, in all of them.
async fn encounters(context: &Context<'_>, since: StreamPos) -> Result<Encounters, SyncError> {
    let rooms = &context.inner.parts.rooms;
    let (reader, user, up_to) = (context.reader(), context.user(), context.view.position);
    let mut own = Changes::new();
    if rooms.latest_membership_change(user).await? > since {
        for change in rooms.membership_changes(reader, user, since, up_to).await? {
            own.entry(change.room).or_default().push(change);
        }
    }
    let memberships = rooms.rooms_of_user(user).await?;
    let moved = rooms.moved_among(since, &memberships);
    let moved = moved.unwrap_or_else(|| (0..memberships.len()).collect());
    let mut encounters = Encounters::default();
    for (room, _) in moved.iter().filter_map(|index| memberships.get(*index)) {
        if rooms.latest_state_change(*room).await? <= since && !own.contains_key(room) {
            continue;
        }
        let Some(member) = rooms.member(reader, *room, user).await? else { continue };
        let changes = own.remove(room).unwrap_or_default();
        let room_id = rooms.room_id(reader, *room).await?;
        let plan = RoomPlan { room: *room, room_id, member, changes, account_data: Vec::new() };
        encounters.look(context, &plan).await?;
    }
    Ok(encounters)
}

//! Who types (MSC3961). That everybody stopped is told as an empty list.

use std::collections::HashSet;

use model::RoomNum;
use ruma::{OwnedRoomId, OwnedUserId};

use super::Extending;
use crate::{SyncError, json::JsonWriter, sliding::standing::Standing};

/// Writes `typing`, if anything changed.
pub(super) async fn write(extending: &mut Extending<'_>, json: &mut JsonWriter) -> Result<bool, SyncError> {
    let Some(wanted) = &extending.request.extensions.typing else { return Ok(false) };
    let context = extending.context;
    let typing = context.inner.parts.rooms.typing();
    let since = extending.progress.cursors.typing;
    extending.pending.cursors.typing = Some(context.view.ephemeral);
    let mut changed: HashSet<RoomNum> = typing.rooms_changed_since(since.unwrap_or(0)).into_iter().collect();
    let mut found: Vec<(OwnedRoomId, Vec<OwnedUserId>)> = Vec::new();
    if changed.is_empty() && extending.fresh.is_empty() && extending.touched.is_empty() {
        return Ok(false);
    }
    for room in &extending.scope.rooms {
        let num = room.entry.room;
        let news = changed.remove(&num);
        if room.entry.standing != Standing::Joined {
            continue;
        }
        let returned = extending.progress.rooms.get(&num).is_some_and(|sent| sent.behind);
        let fresh = since.is_none() || extending.fresh.contains_key(&num);
        if !news && !returned && !fresh || extending.sent(num).is_none() {
            continue;
        }
        let room_id = extending.room_id(room).await?;
        let Some(users) = typing.changed_since(num, 0) else { continue };
        // A client that knows nothing of the room takes silence for silence.
        if extending.scope.holds(wanted, room, &room_id) && !(fresh && users.is_empty()) {
            found.push((room_id, users));
        }
    }
    // Those left stand in no list; a client that has one of them must hear of it when it comes back.
    for num in changed {
        if let Some(sent) = extending.sent_mut(num) {
            sent.behind = true;
        }
    }
    if found.is_empty() {
        return Ok(false);
    }
    json.key("typing").object(|json| {
        json.key("rooms").object(|json| {
            for (room_id, users) in &found {
                json.key(room_id.as_str()).object(|json| {
                    json.key("content").object(|json| {
                        json.key("user_ids")
                            .array(|json| users.iter().for_each(|user| json.string(user.as_str())));
                    });
                    json.key("type").string("m.typing");
                });
            }
        });
    });
    Ok(true)
}

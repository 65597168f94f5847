//! Which rooms a search looks into.

use std::collections::HashSet;

use model::RoomNum;
use rooms::{Membership, Rooms};
use ruma::{OwnedRoomId, UserId, api::client::filter::RoomEventFilter};
use serde::Deserialize;

use crate::{SearchError, limits::PREDECESSORS_MAX};

#[derive(Deserialize)]
struct CreateContent {
    predecessor: Option<Predecessor>,
}

#[derive(Deserialize)]
struct Predecessor {
    room_id: OwnedRoomId,
}

/// The rooms of a user that the filter lets through: joined ones, and left ones that were not
/// forgotten. Whoever names an upgraded room means the rooms before it too.
pub(super) async fn rooms_searched(
    rooms: &Rooms,
    user: &UserId,
    filter: &RoomEventFilter,
) -> Result<HashSet<u64>, SearchError> {
    let named = match &filter.rooms {
        Some(named) => Some(with_predecessors(rooms, named).await?),
        None => None,
    };
    let mut excluded = HashSet::new();
    for room in &filter.not_rooms {
        excluded.extend(rooms.room_num(rooms.store(), room).await?);
    }
    let memberships = rooms.rooms_of_user(user).await?;
    let searched = memberships.iter().filter(|(room, member)| {
        let was_inside = match member.membership {
            Membership::Join => true,
            Membership::Leave | Membership::Ban => !member.forgotten,
            Membership::Invite | Membership::Knock => false,
        };
        was_inside && !excluded.contains(room) && named.as_ref().is_none_or(|named| named.contains(room))
    });
    Ok(searched.map(|(room, _)| room.get()).collect())
}

async fn with_predecessors(rooms: &Rooms, named: &[OwnedRoomId]) -> Result<HashSet<RoomNum>, SearchError> {
    let store = rooms.store();
    let mut all = HashSet::new();
    for room_id in named {
        let mut next = rooms.room_num(store, room_id).await?;
        let mut steps = 0;
        while let Some(room) = next.take() {
            if !all.insert(room) || steps == PREDECESSORS_MAX {
                break;
            }
            steps += 1;
            let create = rooms.current_state(store, room, "m.room.create", "").await?;
            let content: Option<CreateContent> = create.and_then(|create| create.content_as().ok());
            if let Some(before) = content.and_then(|content| content.predecessor) {
                next = rooms.room_num(store, &before.room_id).await?;
            }
        }
    }
    Ok(all)
}

//! What the new room of an upgrade starts with.

use model::{RoomNum, RoomVersion};
use rooms::{CreateRoom, InitialState, Membership, Preset, Rooms, RoomsError};
use ruma::{CanonicalJsonObject, CanonicalJsonValue, Int, OwnedUserId, RoomId, UserId};

use super::{Upgrade, creators_have_no_level, text};

/// State that goes with the room, whatever its key.
const COPIED: [&str; 8] = [
    "m.room.server_acl",
    "m.room.encryption",
    "m.room.name",
    "m.room.avatar",
    "m.room.topic",
    "m.room.guest_access",
    "m.room.history_visibility",
    "m.room.join_rules",
];

/// Bans that are carried over at most.
const BANS_COPIED_MAX: usize = 150;

/// Below the creators of version 12 nobody should be able to end a room by default.
const TOMBSTONE_LEVEL_BELOW_CREATORS: i64 = 150;

/// A request for the new room, and the levels to set last when the user's own are too low to set up
/// the room.
pub(super) struct Plan {
    pub request: CreateRoom,
    pub final_power_levels: Option<CanonicalJsonObject>,
}

pub(super) async fn plan(
    rooms: &Rooms,
    user: &UserId,
    old: RoomNum,
    old_id: &RoomId,
    version: &'static RoomVersion,
    upgrade: &Upgrade,
) -> Result<Plan, RoomsError> {
    let mut request = CreateRoom::new(user.to_owned());
    request.version = Some(version.id().clone());
    // The preset with the fewest events of its own; everything else is copied.
    request.preset = Preset::PublicChat;
    request.creation_content = creation_content(rooms, old, old_id, version, upgrade).await?;
    request.initial_state = copied_state(rooms, old).await?;
    let levels = power_levels(rooms, user, old, version, upgrade).await?;
    let (first, last) = if creators_have_no_level(version) { (levels, None) } else { raised(levels, user) };
    request.power_levels = Some(first);
    Ok(Plan { request, final_power_levels: last })
}

async fn creation_content(
    rooms: &Rooms,
    old: RoomNum,
    old_id: &RoomId,
    version: &RoomVersion,
    upgrade: &Upgrade,
) -> Result<CanonicalJsonObject, RoomsError> {
    let create = rooms.current_state(rooms.store(), old, "m.room.create", "").await?;
    let create = create.ok_or(RoomsError::RoomNotFound)?;
    let mut content = rooms::canonical_object(create.content_str())?;
    for own in ["creator", "room_version", "additional_creators", "predecessor"] {
        content.remove(own);
    }
    let mut predecessor = CanonicalJsonObject::new();
    predecessor.insert("room_id".to_owned(), text(old_id.as_str()));
    if !version.room_id_is_create_hash()
        && let Some(last) = rooms.last_event_id(old).await?
    {
        predecessor.insert("event_id".to_owned(), text(last.as_str()));
    }
    content.insert("predecessor".to_owned(), CanonicalJsonValue::Object(predecessor));
    if version.authorization().additional_room_creators && !upgrade.additional_creators.is_empty() {
        let creators = upgrade.additional_creators.iter().map(|user| text(user.as_str())).collect();
        content.insert("additional_creators".to_owned(), CanonicalJsonValue::Array(creators));
    }
    Ok(content)
}

async fn copied_state(rooms: &Rooms, old: RoomNum) -> Result<Vec<InitialState>, RoomsError> {
    let store = rooms.store();
    let mut copied = Vec::new();
    for kind in COPIED {
        match rooms.current_state(store, old, kind, "").await? {
            Some(event) => copied.push(InitialState {
                kind: kind.to_owned(),
                state_key: String::new(),
                content: rooms::canonical_object(event.content_str())?,
            }),
            // Without the event a room is closed; the preset must not open the new one.
            None if kind == "m.room.join_rules" => {
                let content = [("join_rule".to_owned(), text("invite"))].into_iter().collect();
                copied.push(InitialState { kind: kind.to_owned(), state_key: String::new(), content });
            }
            None => {}
        }
    }
    copied.extend(children_of_space(rooms, old).await?);
    for user in rooms.members_with(store, old, Membership::Ban, BANS_COPIED_MAX).await? {
        if let Some(event) = rooms.current_state(store, old, "m.room.member", user.as_str()).await? {
            let mut content = rooms::canonical_object(event.content_str())?;
            content.retain(|key, _| key == "membership" || key == "reason");
            copied.push(InitialState {
                kind: "m.room.member".to_owned(),
                state_key: user.to_string(),
                content,
            });
        }
    }
    copied.truncate(rooms::limits::INITIAL_STATE_EVENTS_MAX);
    Ok(copied)
}

async fn children_of_space(rooms: &Rooms, old: RoomNum) -> Result<Vec<InitialState>, RoomsError> {
    let store = rooms.store();
    let mut children = Vec::new();
    for (key, event) in rooms.current_state_all(store, old).await? {
        let (kind, state_key) = &*rooms.state_key(store, key).await?;
        if kind != "m.space.child" {
            continue;
        }
        let content = rooms::canonical_object(rooms.pdu(store, event).await?.content_str())?;
        // A child without servers was removed from the space.
        if content.contains_key("via") {
            children.push(InitialState { kind: kind.clone(), state_key: state_key.clone(), content });
        }
    }
    Ok(children)
}

/// The old levels, with creators moved in or out of `users` as the new version wants it.
async fn power_levels(
    rooms: &Rooms,
    user: &UserId,
    old: RoomNum,
    version: &RoomVersion,
    upgrade: &Upgrade,
) -> Result<CanonicalJsonObject, RoomsError> {
    let store = rooms.store();
    let before = rooms.power_levels(old).await?;
    let event = rooms.current_state(store, old, "m.room.power_levels", "").await?;
    let mut content = match event {
        Some(event) => rooms::canonical_object(event.content_str())?,
        None => CanonicalJsonObject::new(),
    };
    let mut users = object_in(&content, "users");
    if creators_have_no_level(version) {
        users.remove(user.as_str());
        for creator in &upgrade.additional_creators {
            users.remove(creator.as_str());
        }
        let mut events = object_in(&content, "events");
        let tombstone = events.get("m.room.tombstone").and_then(CanonicalJsonValue::as_integer);
        if tombstone.is_none_or(|level| i64::from(level) < TOMBSTONE_LEVEL_BELOW_CREATORS) {
            events.insert("m.room.tombstone".to_owned(), level(TOMBSTONE_LEVEL_BELOW_CREATORS));
        }
        content.insert("events".to_owned(), CanonicalJsonValue::Object(events));
    } else if before.creators_are_infinite() || !users.contains_key(user.as_str()) {
        let creators: Vec<OwnedUserId> = before.creators().iter().cloned().collect();
        for creator in creators {
            users.entry(creator.to_string()).or_insert_with(|| level(100));
        }
    }
    content.insert("users".to_owned(), CanonicalJsonValue::Object(users));
    Ok(content)
}

/// Levels that let the user set up the room, and the real ones to set last when they differ.
fn raised(levels: CanonicalJsonObject, user: &UserId) -> (CanonicalJsonObject, Option<CanonicalJsonObject>) {
    let number = |key: &str| levels.get(key).and_then(CanonicalJsonValue::as_integer).map(i64::from);
    let users = object_in(&levels, "users");
    let default = number("users_default").unwrap_or(0);
    let own = users.get(user.as_str()).and_then(CanonicalJsonValue::as_integer).map_or(default, i64::from);
    let events = object_in(&levels, "events");
    let events = events.values().filter_map(CanonicalJsonValue::as_integer).map(i64::from);
    let general = ["state_default", "ban", "invite", "kick"].map(|key| number(key).unwrap_or(50));
    let needed = events.chain(general).max().unwrap_or(50);
    if own >= needed {
        return (levels, None);
    }
    let mut first_users = users;
    first_users.insert(user.to_string(), level(needed));
    let mut first = levels.clone();
    first.insert("users".to_owned(), CanonicalJsonValue::Object(first_users));
    (first, Some(levels))
}

fn object_in(content: &CanonicalJsonObject, key: &str) -> CanonicalJsonObject {
    match content.get(key) {
        Some(CanonicalJsonValue::Object(object)) => object.clone(),
        _ => CanonicalJsonObject::new(),
    }
}

fn level(number: i64) -> CanonicalJsonValue {
    CanonicalJsonValue::Integer(Int::new_saturating(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_of_low_rank_is_raised_for_the_setting_up_only() {
        let user = ruma::user_id!("@a:hs");
        let levels = rooms::canonical_object(
            r#"{"users":{"@a:hs":50},"events":{"m.room.history_visibility":100},"state_default":50}"#,
        )
        .unwrap();
        let (first, last) = raised(levels.clone(), user);
        assert_eq!(object_in(&first, "users").get("@a:hs"), Some(&level(100)));
        assert_eq!(last, Some(levels));
    }

    #[test]
    fn a_user_of_high_rank_needs_no_second_event() {
        let user = ruma::user_id!("@a:hs");
        let levels = rooms::canonical_object(r#"{"users":{"@a:hs":100},"state_default":50}"#).unwrap();
        assert_eq!(raised(levels.clone(), user), (levels, None));
    }
}

//! Contents of the first events of a room.

use model::RoomVersion;
use ruma::{CanonicalJsonObject, CanonicalJsonValue, OwnedRoomId, RoomId};

use super::request::{CreateRoom, Preset};
use crate::RoomsError;
use crate::json::{number, object, text};

/// Levels of the events that moderators and administrators send.
const EVENT_LEVELS: [(&str, i32); 8] = [
    ("m.room.name", 50),
    ("m.room.avatar", 50),
    ("m.room.canonical_alias", 50),
    ("m.room.power_levels", 100),
    ("m.room.history_visibility", 100),
    ("m.room.server_acl", 100),
    ("m.room.encryption", 100),
    ("m.room.tombstone", 100),
];

/// From version 12 an administrator below the creators must not end the room.
const TOMBSTONE_LEVEL_BELOW_CREATORS: i32 = 150;

/// Stands in for the room id until the create event of a version 12 room is built.
pub(super) fn placeholder_room_id() -> OwnedRoomId {
    RoomId::new_v2("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        .unwrap_or_else(|_| ruma::owned_room_id!("!placeholder:invalid"))
}

/// The create event's content: what the client asked for, and what the version demands.
pub(super) fn create(request: &CreateRoom, version: &RoomVersion) -> Result<CanonicalJsonObject, RoomsError> {
    let mut content = request.creation_content.clone();
    content.insert("room_version".to_owned(), text(version.id().as_str()));
    content.remove("creator");
    if !version.authorization().use_room_create_sender {
        content.insert("creator".to_owned(), text(request.creator.as_str()));
    }
    if version.authorization().additional_room_creators {
        content.remove("additional_creators");
        let creators = request.additional_creators(version)?;
        if !creators.is_empty() {
            let creators = creators.iter().map(|user| text(user.as_str())).collect();
            content.insert("additional_creators".to_owned(), CanonicalJsonValue::Array(creators));
        }
    }
    match content.get("m.federate") {
        None | Some(CanonicalJsonValue::Bool(_)) => Ok(content),
        Some(_) => Err(RoomsError::BadJson("m.federate must be true or false".to_owned())),
    }
}

/// The first power levels.
pub(super) fn power_levels(
    request: &CreateRoom,
    version: &RoomVersion,
) -> Result<CanonicalJsonObject, RoomsError> {
    let mut content = match &request.power_levels {
        Some(given) => given.clone(),
        None => default_power_levels(request, version),
    };
    let given = request
        .initial_state
        .iter()
        .find(|state| state.kind == "m.room.power_levels" && state.state_key.is_empty());
    for (key, value) in given.map(|state| &state.content).into_iter().flatten() {
        content.insert(key.clone(), value.clone());
    }
    for (key, value) in &request.power_level_content_override {
        content.insert(key.clone(), value.clone());
    }
    if version.creators_are_infinite() {
        refuse_creators(&content, request, version)?;
    }
    Ok(content)
}

fn default_power_levels(request: &CreateRoom, version: &RoomVersion) -> CanonicalJsonObject {
    let mut users = CanonicalJsonObject::new();
    if !version.creators_are_infinite() {
        users.insert(request.creator.to_string(), number(100));
        if request.preset == Preset::TrustedPrivateChat {
            users.extend(request.invite.iter().map(|user| (user.to_string(), number(100))));
        }
    }
    let mut events = object(EVENT_LEVELS.map(|(kind, level)| (kind, number(level))));
    if version.creators_are_infinite() {
        events.insert("m.room.tombstone".to_owned(), number(TOMBSTONE_LEVEL_BELOW_CREATORS));
    }
    let invite = if request.preset == Preset::PublicChat { 50 } else { 0 };
    object([
        ("users", CanonicalJsonValue::Object(users)),
        ("users_default", number(0)),
        ("events", CanonicalJsonValue::Object(events)),
        ("events_default", number(0)),
        ("state_default", number(50)),
        ("ban", number(50)),
        ("kick", number(50)),
        ("redact", number(50)),
        ("invite", number(invite)),
        ("historical", number(100)),
    ])
}

/// Creators rank above every number, so giving them one is an error of the request.
fn refuse_creators(
    content: &CanonicalJsonObject,
    request: &CreateRoom,
    version: &RoomVersion,
) -> Result<(), RoomsError> {
    let Some(CanonicalJsonValue::Object(users)) = content.get("users") else { return Ok(()) };
    let additional = request.additional_creators(version)?;
    let creators = additional.iter().chain([&request.creator]);
    match creators.into_iter().find(|creator| users.contains_key(creator.as_str())) {
        Some(creator) => {
            Err(RoomsError::BadJson(format!("{creator} is a creator and cannot have a power level")))
        }
        None => Ok(()),
    }
}

/// A plain topic, also as the content block that richer clients read.
pub(super) fn topic(topic: &str) -> CanonicalJsonObject {
    let block = object([("body", text(topic))]);
    let blocks = object([("m.text", CanonicalJsonValue::Array(vec![CanonicalJsonValue::Object(block)]))]);
    object([("topic", text(topic)), ("m.topic", CanonicalJsonValue::Object(blocks))])
}

//! Templates of other servers: what of them is looked at, what refuses them, and what is taken.

use model::{RoomVersion, limits::PREV_EVENTS_MAX};
use rooms::Membership;
use ruma::{OwnedEventId, OwnedUserId, RoomId, RoomVersionId, UserId};
use serde_json::{Map, Value};

use super::HandshakeError;

/// Keys that a template may have; anything else is something that we do not mean to say.
const KEYS: [&str; 15] = [
    "auth_events",
    "content",
    "depth",
    "event_id",
    "hashes",
    "membership",
    "origin",
    "origin_server_ts",
    "prev_events",
    "prev_state",
    "room_id",
    "sender",
    "signatures",
    "state_key",
    "type",
];

/// What is taken from a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub prev_events: Vec<OwnedEventId>,
    pub auth_events: Vec<OwnedEventId>,
    pub depth: u64,
    /// Who vouches for a join.
    pub authoriser: Option<OwnedUserId>,
}

/// The version that a peer says the room has; none means 1.
pub(super) fn version(said: Option<RoomVersionId>) -> Result<&'static RoomVersion, HandshakeError> {
    let id = said.unwrap_or(RoomVersionId::V1);
    model::room_version(&id).ok_or_else(|| HandshakeError::UnknownVersion(id.to_string()))
}

/// Checks that the template is of the event we asked for, and takes its place in the graph.
pub(super) fn read(
    template: &str,
    room_id: &RoomId,
    user: &UserId,
    membership: Membership,
) -> Result<Place, HandshakeError> {
    let refused = |what: &str| HandshakeError::Failed(format!("the template is not usable: {what}"));
    let event: Map<String, Value> =
        serde_json::from_str(template).map_err(|error| refused(&error.to_string()))?;
    if let Some(key) = event.keys().find(|key| !KEYS.contains(&key.as_str()) && *key != "unsigned") {
        return Err(refused(&format!("it has {key:?}")));
    }
    let expected = [
        ("type", "m.room.member"),
        ("sender", user.as_str()),
        ("state_key", user.as_str()),
        ("room_id", room_id.as_str()),
    ];
    for (key, value) in expected {
        if event.get(key).and_then(Value::as_str) != Some(value) {
            return Err(refused(&format!("its {key} is not {value}")));
        }
    }
    let content =
        event.get("content").and_then(Value::as_object).ok_or_else(|| refused("it has no content"))?;
    if content.get("membership").and_then(Value::as_str) != Some(membership.as_str()) {
        return Err(refused("its membership is another one"));
    }
    let authoriser = match content.get("join_authorised_via_users_server") {
        Some(named) if membership == Membership::Join => {
            let named = named.as_str().and_then(|named| UserId::parse(named).ok());
            Some(named.ok_or_else(|| refused("who vouches is no user"))?)
        }
        Some(_) | None => None,
    };
    let place = Place {
        prev_events: references(&event, "prev_events").ok_or_else(|| refused("prev_events"))?,
        auth_events: references(&event, "auth_events").ok_or_else(|| refused("auth_events"))?,
        depth: event.get("depth").and_then(Value::as_u64).ok_or_else(|| refused("depth"))?,
        authoriser,
    };
    if place.prev_events.is_empty() || place.prev_events.len() > PREV_EVENTS_MAX {
        return Err(refused("the number of prev_events"));
    }
    Ok(place)
}

/// Plain ids, or pairs of id and hashes in the first two versions.
fn references(event: &Map<String, Value>, key: &str) -> Option<Vec<OwnedEventId>> {
    let id = |reference: &Value| {
        let id = reference.as_str().or_else(|| reference.get(0)?.as_str())?;
        OwnedEventId::try_from(id).ok()
    };
    event.get(key)?.as_array()?.iter().map(id).collect()
}

#[cfg(test)]
mod tests {
    use ruma::{room_id, user_id};
    use serde_json::json;

    use super::*;

    fn template() -> Value {
        json!({
            "type": "m.room.member",
            "sender": "@alice:a",
            "state_key": "@alice:a",
            "room_id": "!r:b",
            "content": { "membership": "join" },
            "prev_events": ["$p"],
            "auth_events": ["$q"],
            "depth": 7,
            "origin": "b",
            "origin_server_ts": 1,
        })
    }

    fn read_it(template: &Value) -> Result<Place, HandshakeError> {
        read(&template.to_string(), room_id!("!r:b"), user_id!("@alice:a"), Membership::Join)
    }

    #[test]
    fn the_place_of_a_good_template_is_taken() {
        let place = read_it(&template()).expect("a usable template");
        assert_eq!(place.prev_events, ["$p"]);
        assert_eq!(place.auth_events, ["$q"]);
        assert_eq!((place.depth, place.authoriser), (7, None));
    }

    #[test]
    fn pairs_of_the_first_room_versions_are_read() {
        let mut template = template();
        template["prev_events"] = json!([["$p:b", { "sha256": "x" }]]);
        assert_eq!(read_it(&template).expect("a usable template").prev_events, ["$p:b"]);
    }

    #[test]
    fn t02_a_template_of_another_event_is_refused() {
        let changes = [
            ("type", json!("m.room.power_levels")),
            ("sender", json!("@mallory:a")),
            ("state_key", json!("@mallory:a")),
            ("room_id", json!("!other:b")),
            ("content", json!({ "membership": "leave" })),
            ("content", json!({})),
            ("content", json!({ "membership": "join", "join_authorised_via_users_server": 3 })),
            ("redacts", json!("$x")),
            ("prev_events", json!([])),
            ("prev_events", json!("$p")),
            ("depth", json!(-1)),
        ];
        for (key, value) in changes {
            let mut template = template();
            template[key] = value.clone();
            assert!(read_it(&template).is_err(), "{key}: {value}");
        }
    }
}

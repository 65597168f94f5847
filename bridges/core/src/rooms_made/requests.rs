//! What rooms and spaces are asked for as.

use bridge_api::Network;
use ruma::UserId;
use serde_json::{Value, json};

/// The power of whoever ordered a room in it.
const POWER_OF_OWNER: i64 = 100;

/// The key of the space with the rooms of a platform.
pub(super) fn space_key(network: Network) -> String {
    format!("space/{}", network.key())
}

/// A room for a conversation, led by whoever ordered it.
pub(super) fn request(name: &str, topic: &str, by: Option<&UserId>) -> Value {
    let owners: serde_json::Map<_, _> =
        by.into_iter().map(|by| (by.to_string(), json!(POWER_OF_OWNER))).collect();
    json!({
        "preset": "private_chat", "visibility": "private", "room_version": "12", "name": name, "topic": topic,
        "invite": by.into_iter().collect::<Vec<_>>(),
        "power_level_content_override": { "users": owners },
        "initial_state": [
            { "type": "m.room.guest_access", "state_key": "", "content": { "guest_access": "forbidden" } },
        ],
    })
}

/// The space of a platform, in which nobody speaks.
pub(super) fn space_request(name: &str) -> Value {
    json!({
        "preset": "private_chat", "visibility": "private", "room_version": "12", "name": name,
        "creation_content": { "type": "m.space" },
        "power_level_content_override": { "events_default": POWER_OF_OWNER },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_led_by_who_ordered_it_and_nobody_else() {
        let li = UserId::parse("@li:test").expect("valid");
        let ordered = request("项目", "飞书 · 项目", Some(&li));
        assert_eq!(ordered["power_level_content_override"]["users"], json!({ "@li:test": 100 }));
        assert_eq!(ordered["invite"], json!(["@li:test"]));
        let own = request("项目", "飞书 · 项目", None);
        assert_eq!(own["power_level_content_override"]["users"], json!({}));
        assert_eq!(space_request("飞书")["creation_content"]["type"], "m.space");
    }
}

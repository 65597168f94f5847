use serde_json::{Value, json};

use super::*;
use crate::test_room::{TestRoom, user, versions};

/// Redacts an event of this type and content in a version; returns the content that is left.
fn left(version: &'static RoomVersion, kind: &str, content: &Value) -> Value {
    let room = TestRoom::new(version, "public");
    let pdu = room.builds(&user("alice"), kind, Some(""), content);
    let redacted = redact(&pdu, version).unwrap();
    assert_eq!(redacted.event_id(), pdu.event_id());
    assert_eq!(
        crate::build::event_id(&canonical::parse_object(redacted.json()).unwrap(), version).unwrap(),
        pdu.event_id(),
        "the id is the hash of what is left"
    );
    redacted.content_as().unwrap()
}

#[test]
fn each_version_keeps_its_own_keys() {
    // Type, content, key, first version that keeps it, last version that keeps it.
    let third_party = json!({"membership": "invite", "third_party_invite": {"signed": {"token": "t"}, "display_name": "x"}});
    let table: [(&str, Value, &str, u32, u32); 15] = [
        ("m.room.message", json!({"body": "x"}), "body", 99, 0),
        ("m.room.member", json!({"membership": "join", "displayname": "x"}), "membership", 1, 12),
        ("m.room.member", json!({"membership": "join", "displayname": "x"}), "displayname", 99, 0),
        (
            "m.room.member",
            json!({"join_authorised_via_users_server": "@a:b"}),
            "join_authorised_via_users_server",
            9,
            12,
        ),
        ("m.room.member", third_party, "third_party_invite", 11, 12),
        ("m.room.create", json!({"creator": "@a:b"}), "creator", 1, 12),
        ("m.room.create", json!({"type": "m.space"}), "type", 11, 12),
        ("m.room.join_rules", json!({"join_rule": "public", "allow": []}), "join_rule", 1, 12),
        ("m.room.join_rules", json!({"join_rule": "public", "allow": []}), "allow", 8, 12),
        ("m.room.power_levels", json!({"ban": 50, "invite": 1}), "ban", 1, 12),
        ("m.room.power_levels", json!({"ban": 50, "invite": 1}), "invite", 11, 12),
        ("m.room.power_levels", json!({"notifications": {}}), "notifications", 99, 0),
        ("m.room.history_visibility", json!({"history_visibility": "joined"}), "history_visibility", 1, 12),
        ("m.room.aliases", json!({"aliases": []}), "aliases", 1, 5),
        ("m.room.redaction", json!({"redacts": "$x"}), "redacts", 11, 12),
    ];
    for (kind, content, key, first, last) in table {
        for (number, version) in (1..=12).zip(versions(1, 12)) {
            let kept = left(version, kind, &content).get(key).is_some();
            assert_eq!(kept, (first..=last).contains(&number), "{kind} {key} in version {number}");
        }
    }
}

#[test]
fn only_the_signed_part_of_a_third_party_invite_stays() {
    let content = json!({"third_party_invite": {"signed": {"token": "t"}, "display_name": "x"}});
    let version = crate::test_room::version("11");
    assert_eq!(
        left(version, "m.room.member", &content),
        json!({"third_party_invite": {"signed": {"token": "t"}}})
    );
}

#[test]
fn those_with_power_and_servers_for_their_own_users_may_redact() {
    for version in versions(3, 12) {
        let mut room = TestRoom::new(version, "public");
        for name in ["bob", "carol", "dave:other.org"] {
            room.member(name, name, "join");
        }
        let message = |room: &TestRoom, sender: &str| {
            room.builds(&user(sender), "m.room.message", None, &json!({"body": sender}))
        };
        let redaction =
            |room: &TestRoom, sender: &str| room.builds(&user(sender), "m.room.redaction", None, &json!({}));
        let state = |kind: &str| room.state.get(&(kind.to_owned(), String::new()));
        let power = PowerLevels::new(version, state("m.room.create").unwrap(), state("m.room.power_levels"));
        let target = message(&room, "bob");
        for (sender, sent, applied) in [
            ("alice", true, true),
            ("bob", true, true),
            // A server answers for its users; it refuses to send, others apply what it lets through.
            ("carol", false, true),
            ("dave:other.org", false, false),
        ] {
            assert_eq!(may_be_sent(&user(sender), &target, &power), sent, "{sender} in {version:?}");
            assert_eq!(may_be_applied(&redaction(&room, sender), &target, &power), applied, "{sender}");
        }
        let create = state("m.room.create").unwrap();
        assert!(!may_be_applied(&redaction(&room, "alice"), create, &power), "never the create event");
    }
}

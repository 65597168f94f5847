use serde_json::json;

use super::*;
use crate::test_room::{TestRoom, user, version, versions};

fn levels(room: &TestRoom) -> PowerLevels {
    let state = |kind: &str| room.state.get(&(kind.to_owned(), String::new()));
    PowerLevels::new(room.version, state("m.room.create").unwrap(), state("m.room.power_levels"))
}

#[test]
fn without_power_levels_the_creator_has_100_or_is_above_numbers() {
    for version in versions(1, 12) {
        let mut room = TestRoom::new(version, "public");
        room.state.remove(&("m.room.power_levels".to_owned(), String::new()));
        let power = levels(&room);
        let expected = if version.creators_are_infinite() { Level::Infinite } else { Level::Number(100) };
        assert_eq!(power.of(&user("alice")), expected, "{version:?}");
        assert_eq!(power.of(&user("bob")), Level::Number(0));
        assert_eq!(power.needed_to_send("m.room.topic", true), 50);
        assert_eq!(power.needed_to_send("m.room.message", false), 0);
        assert!(power.may_invite(&user("bob")) && !power.may_redact_others(&user("bob")));
    }
}

#[test]
fn an_empty_event_brings_the_defaults_of_the_spec() {
    let power = levels(&TestRoom::new(version("11"), "public"));
    assert_eq!(power.needed_to_send("m.room.topic", true), 50);
    assert_eq!(power.needed_to_send("m.room.message", false), 0);
    assert!(power.may_kick(&user("alice"), &user("bob")) && !power.may_kick(&user("bob"), &user("carol")));
    assert!(!power.may_kick(&user("alice"), &user("alice")), "never those of the same rank");
    assert!(power.may_notify(&user("alice"), "room") && !power.may_notify(&user("bob"), "room"));
    assert!(!power.may_notify(&user("alice"), "unknown"));
}

#[test]
fn explicit_levels_win_and_strings_count_before_version_10() {
    for version in versions(1, 12) {
        let mut room = TestRoom::new(version, "public");
        let mut users = json!({"@bob:example.org": 50, "@carol:example.org": " 75 "});
        if !version.creators_are_infinite() {
            users["@alice:example.org"] = json!(100);
        }
        let content = json!({
            "users": users, "users_default": 5, "events": {"m.room.topic": 20}, "events_default": 1,
            "state_default": 30, "invite": 60, "notifications": {"room": 20},
        });
        let pdu = room.builds(&user("alice"), "m.room.power_levels", Some(""), &content);
        room.appends(pdu);
        let power = levels(&room);
        let strict = version.authorization().integer_power_levels;
        assert_eq!(power.of(&user("carol")), Level::Number(if strict { 5 } else { 75 }), "{version:?}");
        assert_eq!(power.of(&user("dave")), Level::Number(5));
        assert!(power.may_send(&user("bob"), "m.room.topic", true));
        assert!(!power.may_send(&user("dave"), "m.room.name", true));
        assert!(!power.may_invite(&user("bob")));
        assert!(power.may_notify(&user("bob"), "room") && !power.may_notify(&user("dave"), "room"));
    }
}

#[test]
fn creators_come_from_where_the_version_has_them() {
    let create = |version: &'static RoomVersion, content| {
        let mut room = TestRoom::empty(version);
        let pdu = room.builds(&user("alice"), "m.room.create", Some(""), &content);
        creators(version, &room.appends(pdu))
    };
    let content =
        json!({"creator": "@carol:example.org", "additional_creators": ["@bob:example.org", 7, "no id"]});
    assert_eq!(create(version("10"), content.clone()), BTreeSet::from([user("carol")]));
    assert_eq!(create(version("11"), content.clone()), BTreeSet::from([user("alice")]));
    assert_eq!(create(version("12"), content), BTreeSet::from([user("alice"), user("bob")]));
    assert_eq!(create(version("12"), json!({"additional_creators": "x"})), BTreeSet::from([user("alice")]));
}

#[test]
fn infinity_is_above_every_number() {
    assert!(Level::Infinite > Level::Number(i64::MAX));
    assert!(Level::Infinite.reaches(i64::MAX));
    assert!(!Level::Number(49).reaches(50) && Level::Number(50).reaches(50));
}

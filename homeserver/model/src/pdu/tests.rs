use ruma::{OwnedEventId, RoomVersionId};
use serde_json::{Value, json};

use super::*;
use crate::{limits::INTEGER_MAX, room_version};

fn event_id() -> OwnedEventId {
    OwnedEventId::try_from("$RD1KbUG3tFW4bHGPgxVXYOSSEGK7mN_dJwSRuRBtFvc").unwrap()
}

fn message() -> Value {
    json!({
        "auth_events": ["$auth1", "$auth2"],
        "content": {"body": "héllo \"you\"", "msgtype": "m.text"},
        "depth": 7,
        "hashes": {"sha256": "x"},
        "origin_server_ts": 1_700_000_000_000_u64,
        "prev_events": ["$before"],
        "room_id": "!room:example.org",
        "sender": "@alice:example.org",
        "type": "m.room.message",
    })
}

fn parse(value: &Value) -> Result<Pdu, PduError> {
    Pdu::parse(event_id(), Bytes::from(value.to_string()))
}

fn with(key: &str, value: Value) -> Value {
    let mut event = message();
    event[key] = value;
    event
}

fn without(key: &str) -> Value {
    let mut event = message();
    event.as_object_mut().unwrap().remove(key);
    event
}

#[test]
fn every_field_is_read() {
    let pdu = parse(&message()).unwrap();
    assert_eq!(pdu.event_id(), event_id());
    assert_eq!(pdu.room_id(), "!room:example.org");
    assert_eq!(pdu.sender(), "@alice:example.org");
    assert_eq!(pdu.kind(), "m.room.message");
    assert_eq!(pdu.event_type(), &TimelineEventType::RoomMessage);
    assert_eq!(pdu.state_key(), None);
    assert_eq!(pdu.depth(), 7);
    assert_eq!(pdu.origin_server_ts(), 1_700_000_000_000);
    assert_eq!(pdu.prev_events(), ["$before"]);
    assert_eq!(pdu.auth_events(), ["$auth1", "$auth2"]);
    assert_eq!(pdu.content_as::<Value>().unwrap(), message()["content"]);
    assert_eq!(pdu.content().get(), pdu.content_str());
}

#[test]
fn a_state_key_may_be_empty_but_not_null() {
    assert!(parse(&with("state_key", json!(""))).unwrap().is_state());
    assert!(!parse(&message()).unwrap().is_state());
    assert!(parse(&with("state_key", json!(null))).is_err());
    assert!(parse(&with("state_key", json!(1))).is_err());
}

#[test]
fn references_of_rooms_before_version_3_are_pairs() {
    let pdu = parse(&with("prev_events", json!([["$a:example.org", {"sha256": "h"}]]))).unwrap();
    assert_eq!(pdu.prev_events(), ["$a:example.org"]);
}

#[test]
fn malformed_events_are_refused() {
    for key in
        ["content", "sender", "type", "room_id", "origin_server_ts", "depth", "prev_events", "auth_events"]
    {
        assert!(parse(&without(key)).is_err(), "without {key}");
        assert!(parse(&with(key, json!(true))).is_err(), "{key} is a boolean");
    }
    for (key, value) in [
        ("sender", json!("alice")),
        ("room_id", json!("room")),
        ("depth", json!(-1)),
        ("depth", json!(1.5)),
        ("content", json!([])),
        ("content", json!("text")),
        ("prev_events", json!([7])),
        ("prev_events", json!(["no sigil"])),
        ("auth_events", json!([["$a:x"]])),
    ] {
        assert!(parse(&with(key, value.clone())).is_err(), "{key} = {value}");
    }
    for bytes in ["", "null", "[]", "{", "{}", "\u{0}", "{\"content\":{}}"] {
        assert!(Pdu::parse(event_id(), Bytes::from(bytes)).is_err(), "{bytes:?}");
    }
    let twice = message().to_string().replacen('{', "{\"sender\":\"@mallory:example.org\",", 1);
    assert!(Pdu::parse(event_id(), Bytes::from(twice)).is_err(), "a doubled sender");
}

#[test]
fn ten_thousand_levels_are_an_error_or_a_span_but_no_overflow() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let json = message().to_string().replacen("\"m.text\"", &deep, 1);
    // Content is only a span here; `rules::canonical` refuses it before it can be stored.
    if let Ok(pdu) = Pdu::parse(event_id(), Bytes::from(json)) {
        assert!(pdu.content_as::<Value>().is_err());
    }
    assert!(Pdu::parse(event_id(), Bytes::from(deep)).is_err());
}

#[test]
fn a_create_event_without_room_id_is_its_own_room() {
    let mut create = without("room_id");
    create["type"] = json!("m.room.create");
    create["state_key"] = json!("");
    let pdu = parse(&create).unwrap();
    assert!(pdu.room_id_is_implied());
    assert_eq!(pdu.room_id().as_str(), event_id().as_str().replace('$', "!"));
}

#[test]
fn redacts_is_read_where_the_room_version_has_it() {
    let mut event = with("type", json!("m.room.redaction"));
    event["redacts"] = json!("$top");
    event["content"] = json!({"redacts": "$inside"});
    let pdu = parse(&event).unwrap();
    let version = |name: &str| room_version(&RoomVersionId::try_from(name).unwrap()).unwrap();
    assert_eq!(pdu.redacts(version("10")).unwrap(), "$top");
    assert_eq!(pdu.redacts(version("11")).unwrap(), "$inside");
    event["type"] = json!("m.room.message");
    assert_eq!(parse(&event).unwrap().redacts(version("11")), None);
}

#[test]
fn huge_depths_are_clamped() {
    let pdu = parse(&with("depth", json!(u64::MAX))).unwrap();
    assert_eq!(pdu.depth(), INTEGER_MAX as u64);
}

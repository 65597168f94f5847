use std::collections::BTreeMap;

use model::ROOM_VERSIONS;
use ruma::{
    CanonicalJsonObject, event_id, room_id,
    serde::Base64,
    signatures::{PublicKeyMap, Verified, verify_event},
    user_id,
};
use serde_json::{json, value::to_raw_value};

use super::*;
use crate::test_room::{TestRoom, key, server, version};

fn public_keys() -> PublicKeyMap {
    let keys = BTreeMap::from([("ed25519:1".to_owned(), Base64::new(key().public_key().to_vec()))]);
    BTreeMap::from([(server().to_string(), keys)])
}

fn object(pdu: &Pdu) -> CanonicalJsonObject {
    serde_json::from_slice(pdu.json()).unwrap()
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

fn new_pdu<'a>(content: &'a RawValue, kind: &'a str) -> NewPdu<'a> {
    NewPdu {
        room_id: Some(room_id!("!room:example.org")),
        sender: user_id!("@alice:example.org"),
        kind,
        state_key: None,
        content,
        redacts: None,
        sticky_duration_ms: None,
        origin_server_ts: 1,
        depth: 1,
        prev_events: &[],
        auth_events: &[],
        chosen_event_id: Some(event_id!("$chosen:example.org")),
    }
}

fn build(pdu: NewPdu<'_>, name: &str) -> Result<Pdu, BuildError> {
    pdu.finish(version(name), &key(), server())
}

#[test]
fn every_version_signs_what_verifies_and_is_in_form() {
    for version in ROOM_VERSIONS.iter() {
        let mut room = TestRoom::new(version, "public");
        let message =
            room.builds(user_id!("@alice:example.org"), "m.room.message", None, &json!({"body": "hi"}));
        room.appends(message);
        for pdu in room.events.values() {
            let object = object(pdu);
            let verified = verify_event(&public_keys(), &object, version.rules()).unwrap();
            assert_eq!(verified, Verified::All, "{pdu:?} in {version:?}");
            canonical::check_event(&object, version).unwrap();
            assert_eq!(event_id(&object, version).unwrap(), pdu.event_id(), "{version:?}");
            assert_eq!(pdu.event_id().server_name().is_some(), version.sender_chooses_event_id());
            assert_eq!(
                canonical::to_bytes(&object).unwrap(),
                pdu.json().to_vec(),
                "stored in canonical form"
            );
            assert_eq!(Some(pdu.room_id()), room.room_id.as_deref());
        }
    }
}

#[test]
fn a_version_12_room_is_named_by_its_create_event() {
    let room = TestRoom::new(version("12"), "public");
    let create = &room.state[&("m.room.create".to_owned(), String::new())];
    assert!(create.room_id_is_implied());
    assert!(!object(create).contains_key("room_id"));
    assert_eq!(create.room_id().as_str()[1..], create.event_id().as_str()[1..]);
}

#[test]
fn redacts_stands_where_the_version_wants_it() {
    let content = raw("{}");
    for (name, in_content) in [("1", false), ("10", false), ("11", true), ("12", true)] {
        let pdu = NewPdu { redacts: Some(event_id!("$x")), ..new_pdu(&content, "m.room.redaction") };
        let pdu = build(pdu, name).unwrap();
        assert_eq!(pdu.redacts(version(name)).unwrap(), "$x", "version {name}");
        assert_eq!(object(&pdu).contains_key("redacts"), !in_content, "version {name}");
    }
}

#[test]
fn content_without_canonical_form_is_refused() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for content in [
        r#"{"a":1.5}"#,
        r#"{"a":1e3}"#,
        r#"{"a":9007199254740992}"#,
        r#"{"a":-9007199254740992}"#,
        r#"{"a":99999999999999999999999}"#,
        "[]",
        "7",
        "\"text\"",
        "null",
        &deep,
    ] {
        for name in ["1", "6", "12"] {
            let content = raw(content);
            let pdu = NewPdu { kind: "m.room.message", ..new_pdu(&content, "m.room.message") };
            assert!(matches!(build(pdu, name), Err(BuildError::Form(_))), "{:.40}", content.get());
        }
    }
    for content in [r#"{"a":9007199254740991,"b":-9007199254740991}"#, r#"{"":"\u0000","é":[null,true]}"#] {
        let content = raw(content);
        build(new_pdu(&content, "m.room.message"), "12").unwrap();
    }
}

#[test]
fn sizes_are_held() {
    let content = to_raw_value(&json!({"body": "x".repeat(66_000)})).unwrap();
    let error = build(new_pdu(&content, "m.room.message"), "12").unwrap_err();
    assert!(matches!(error, BuildError::Form(FormError::TooLarge { .. })), "{error}");
    let content = to_raw_value(&json!({"body": "x".repeat(65_500)})).unwrap();
    assert!(build(new_pdu(&content, "m.room.message"), "12").is_err(), "fits, but not with signatures");
    let content = to_raw_value(&json!({"body": "x".repeat(64_000)})).unwrap();
    build(new_pdu(&content, "m.room.message"), "12").unwrap();
    let (content, long) = (raw("{}"), "k".repeat(256));
    assert!(build(new_pdu(&content, &long), "12").is_err());
    assert!(build(NewPdu { state_key: Some(&long), ..new_pdu(&content, "k") }, "12").is_err());
    let edge = "k".repeat(255);
    build(NewPdu { state_key: Some(&edge), ..new_pdu(&content, &edge) }, "12").unwrap();
    let many: Vec<OwnedEventId> = (0..21).map(|n| format!("$e{n}").try_into().unwrap()).collect();
    assert!(build(NewPdu { prev_events: &many, ..new_pdu(&content, "k") }, "12").is_err());
    assert!(build(NewPdu { auth_events: &many[..11], ..new_pdu(&content, "k") }, "12").is_err());
    build(NewPdu { prev_events: &many[..20], auth_events: &many[..10], ..new_pdu(&content, "k") }, "12")
        .unwrap();
}

#[test]
fn what_a_version_needs_must_be_given() {
    let content = raw("{}");
    assert!(matches!(
        build(NewPdu { chosen_event_id: None, ..new_pdu(&content, "k") }, "2"),
        Err(BuildError::Missing("event_id"))
    ));
    for (kind, name) in [("m.room.create", "11"), ("m.room.member", "12")] {
        let pdu = NewPdu { room_id: None, ..new_pdu(&content, kind) };
        assert!(matches!(build(pdu, name), Err(BuildError::Missing("room_id"))), "{kind} in {name}");
    }
    let huge = NewPdu { depth: u64::MAX, origin_server_ts: u64::MAX, ..new_pdu(&content, "k") };
    assert_eq!(build(huge, "12").unwrap().depth(), INTEGER_MAX as u64);
}

#[test]
fn stickiness_is_signed_and_lost_on_redaction() {
    for version in ROOM_VERSIONS.iter() {
        let content = raw("{}");
        let new = NewPdu { sticky_duration_ms: Some(60_000), ..new_pdu(&content, "m.room.message") };
        let pdu = new.finish(version, &key(), server()).unwrap();
        assert_eq!(pdu.sticky_duration_ms(), Some(60_000));
        assert!(object(&pdu).contains_key("msc4354_sticky"));
        let plain = new_pdu(&content, "m.room.message").finish(version, &key(), server()).unwrap();
        assert_ne!(object(&pdu)["hashes"], object(&plain)["hashes"], "{version:?}");
        let redacted = crate::redaction::redact(&pdu, version).unwrap();
        assert_eq!(redacted.sticky_duration_ms(), None, "{version:?}");
    }
}

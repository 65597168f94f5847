use std::collections::BTreeMap;

use model::ROOM_VERSIONS;
use ruma::{serde::Base64, user_id};
use serde_json::{Value, json};

use super::*;
use crate::test_room::{TestRoom, key, server, version};

fn keys() -> PublicKeyMap {
    let keys = BTreeMap::from([("ed25519:1".to_owned(), Base64::new(key().public_key().to_vec()))]);
    BTreeMap::from([(server().to_string(), keys)])
}

fn changed(pdu: &Pdu, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(pdu.json()).unwrap();
    change(&mut value);
    serde_json::to_vec(&value).unwrap()
}

fn message(version: &'static RoomVersion) -> Pdu {
    let room = TestRoom::new(version, "public");
    room.builds(
        user_id!("@alice:example.org"),
        "m.room.message",
        None,
        &json!({"body": "hi", "msgtype": "m.text"}),
    )
}

/// What is changed in an event, in words and in deed.
type Change = (&'static str, fn(&mut Value));

#[test]
fn an_event_of_every_version_comes_back_byte_for_byte() {
    for version in ROOM_VERSIONS.iter() {
        let room = TestRoom::new(version, "public");
        for pdu in room.events.values() {
            let sent = changed(pdu, |value| value["unsigned"] = json!({"age": 7, "redacted_because": {}}));
            let received = read(&sent, version).unwrap();
            assert_eq!(received.event_id(), pdu.event_id(), "{version:?}");
            assert_eq!(
                received.wanted_keys(version).unwrap(),
                [(server().to_owned(), "ed25519:1".to_owned())]
            );
            assert_eq!(received.verify(version, &keys()).unwrap().json(), pdu.json(), "{version:?}");
        }
    }
}

#[test]
fn a_wrong_hash_leaves_the_redacted_form() {
    for version in ROOM_VERSIONS.iter() {
        let pdu = message(version);
        let sent = changed(&pdu, |value| value["content"]["body"] = json!("something else"));
        assert!(read(pdu.json(), version).unwrap().fits_its_hash(), "{version:?}");
        assert!(!read(&sent, version).unwrap().fits_its_hash(), "{version:?}");
        let taken = read(&sent, version).unwrap().verify(version, &keys()).unwrap();
        assert_eq!(taken.event_id(), pdu.event_id(), "{version:?}");
        assert_eq!(taken.content_str(), "{}", "{version:?}");
    }
}

#[test]
fn what_is_not_signed_by_the_senders_server_is_refused() {
    let version = version("11");
    let pdu = message(version);
    let table: [Change; 4] = [
        ("no signature", |value| value["signatures"] = json!({})),
        ("no signatures at all", |value| drop(value.as_object_mut().unwrap().remove("signatures"))),
        ("another sender", |value| value["sender"] = json!("@alice:evil.org")),
        ("another time", |value| value["origin_server_ts"] = json!(5)),
    ];
    for (what, change) in table {
        let received = read(&changed(&pdu, change), version).unwrap();
        assert!(received.verify(version, &keys()).is_err(), "{what}");
    }
    assert!(read(pdu.json(), version).unwrap().verify(version, &PublicKeyMap::new()).is_err(), "no key");
}

#[test]
fn t09_what_has_no_canonical_form_or_is_too_large_is_refused() {
    let version = version("11");
    let pdu = message(version);
    let table: [Change; 9] = [
        ("a float", |value| value["content"]["n"] = json!(1.5)),
        ("too great an integer", |value| value["content"]["n"] = json!(9_007_199_254_740_992_i64)),
        ("too small an integer", |value| value["content"]["n"] = json!(-9_007_199_254_740_992_i64)),
        ("too great a depth", |value| value["depth"] = json!(9_007_199_254_740_992_i64)),
        ("a negative depth", |value| value["depth"] = json!(-1)),
        ("too large", |value| value["content"]["body"] = json!("x".repeat(65_536))),
        ("a long type", |value| value["type"] = json!("x".repeat(256))),
        ("many parents", |value| value["prev_events"] = json!(vec!["$a"; 21])),
        ("many authorities", |value| value["auth_events"] = json!(vec!["$a"; 11])),
    ];
    for (what, change) in table {
        assert!(matches!(read(&changed(&pdu, change), version), Err(ForeignError::Form(_))), "{what}");
    }
    let odd = changed(&pdu, |value| {
        value["content"]["n"] = json!("\u{0}\u{2028}\"\\");
        value["org.example.unknown"] = json!({"b": 1, "a": [null, true, "é"]});
    });
    let received = read(&odd, version).unwrap();
    let bytes = canonical::to_bytes(received.object()).unwrap();
    let again = read(&bytes, version).unwrap();
    assert_eq!(canonical::to_bytes(again.object()).unwrap(), bytes, "byte for byte");
    assert_eq!(again.event_id(), received.event_id());
}

#[test]
fn a_second_server_may_add_its_signature_and_changes_nothing_else() {
    let version = version("11");
    let pdu = message(version);
    let other = ruma::server_name!("other.org");
    let signed = co_sign(&pdu, version, &key(), other).unwrap();
    assert_eq!(signed.event_id(), pdu.event_id());
    let value: Value = serde_json::from_slice(signed.json()).unwrap();
    assert!(value["signatures"][other.as_str()]["ed25519:1"].is_string());
    read(signed.json(), version).unwrap().verify(version, &keys()).unwrap();
}

use ruma::{OwnedEventId, event_id};
use serde_json::{Value, json};

use super::*;

fn pdu(change: impl FnOnce(&mut Value)) -> Pdu {
    let mut event = json!({
        "auth_events": [],
        "content": {"body": "a \"quoted\" word"},
        "depth": 1,
        "hashes": {"sha256": "secret hash"},
        "origin_server_ts": 5,
        "prev_events": [],
        "room_id": "!room:example.org",
        "sender": "@a\"b:example.org",
        "signatures": {"example.org": {"ed25519:1": "secret signature"}},
        "type": "org.\"odd\".type",
    });
    change(&mut event);
    Pdu::parse(OwnedEventId::try_from("$id").unwrap(), Bytes::from(event.to_string())).unwrap()
}

fn shown(pdu: &Pdu, form: EventForm, unsigned: &Unsigned<'_>) -> Value {
    serde_json::from_slice(&client_event(pdu, form, unsigned)).unwrap()
}

#[test]
fn the_forms_differ_as_the_spec_has_them() {
    let event = pdu(|event| event["state_key"] = json!("k\\"));
    let full = json!({
        "content": {"body": "a \"quoted\" word"}, "event_id": "$id", "origin_server_ts": 5,
        "room_id": "!room:example.org", "sender": "@a\"b:example.org", "state_key": "k\\",
        "type": "org.\"odd\".type",
    });
    let mut sync = full.clone();
    sync.as_object_mut().unwrap().remove("room_id");
    let stripped = json!({
        "content": {"body": "a \"quoted\" word"}, "sender": "@a\"b:example.org", "state_key": "k\\",
        "type": "org.\"odd\".type",
    });
    let unsigned = Unsigned::default();
    assert_eq!(shown(&event, EventForm::Full, &unsigned), full);
    assert_eq!(shown(&event, EventForm::Sync, &unsigned), sync);
    assert_eq!(shown(&event, EventForm::State, &unsigned), sync);
    assert_eq!(shown(&event, EventForm::Stripped, &unsigned), stripped);
}

#[test]
fn unsigned_holds_what_was_given_and_only_that() {
    let event = pdu(|_| ());
    let unsigned = Unsigned {
        age_ms: Some(12),
        transaction_id: Some("t\"1"),
        prev_content: Some(b"{\"a\":1}"),
        prev_sender: Some("@b:example.org"),
        replaces_state: Some(event_id!("$old")),
        membership: Some("join"),
        redacted_because: Some(b"{\"b\":2}"),
        relations: Some(b"{\"m.thread\":{}}"),
        delay_id: Some("d1"),
        sticky_ttl_ms: None,
    };
    let all = json!({
        "age": 12, "transaction_id": "t\"1", "prev_content": {"a": 1}, "prev_sender": "@b:example.org",
        "replaces_state": "$old", "membership": "join", "redacted_because": {"b": 2},
        "m.relations": {"m.thread": {}}, "org.matrix.msc4140.delay_id": "d1",
    });
    assert_eq!(shown(&event, EventForm::Sync, &unsigned)["unsigned"], all);
    assert_eq!(shown(&event, EventForm::Stripped, &unsigned).get("unsigned"), None);
    let only = Unsigned { relations: Some(b"{}"), ..Unsigned::default() };
    assert_eq!(shown(&event, EventForm::State, &only)["unsigned"], json!({}));
    assert_eq!(shown(&event, EventForm::Full, &Unsigned::default()).get("unsigned"), None);
}

#[test]
fn redacts_is_shown_at_both_places() {
    let kind = json!("m.room.redaction");
    let old = pdu(|event| {
        event["type"] = kind.clone();
        event["redacts"] = json!("$target");
    });
    let seen = shown(&old, EventForm::Full, &Unsigned::default());
    assert_eq!((&seen["redacts"], &seen["content"]["redacts"]), (&json!("$target"), &json!("$target")));
    assert_eq!(seen["content"]["body"], json!("a \"quoted\" word"));
    let empty = pdu(|event| {
        event["type"] = kind.clone();
        event["redacts"] = json!("$target");
        event["content"] = json!({});
    });
    assert_eq!(
        shown(&empty, EventForm::Sync, &Unsigned::default())["content"],
        json!({"redacts": "$target"})
    );
    let new = pdu(|event| {
        event["type"] = kind.clone();
        event["content"] = json!({"redacts": "$target"});
    });
    assert_eq!(shown(&new, EventForm::Sync, &Unsigned::default())["redacts"], json!("$target"));
}

#[test]
fn a_sticky_event_says_for_how_long() {
    let cases = [
        (json!({"duration_ms": 5_000}), Some(5_000)),
        (json!({"duration_ms": 99_000_000_000_u64}), Some(3_600_000)),
        (json!({"duration_ms": -1}), None),
        (json!({"duration_ms": "5000"}), None),
        (json!({}), None),
        (json!(5), None),
    ];
    for (sticky, expected) in cases {
        let event = pdu(|event| event["msc4354_sticky"] = sticky.clone());
        let form =
            shown(&event, EventForm::Sync, &Unsigned { sticky_ttl_ms: Some(7), ..Unsigned::default() });
        assert_eq!(event.sticky_duration_ms(), expected, "{sticky}");
        assert_eq!(form["msc4354_sticky"]["duration_ms"].as_u64(), expected, "{sticky}");
        assert_eq!(form["unsigned"]["msc4354_sticky_duration_ttl_ms"], 7);
    }
    assert_eq!(shown(&pdu(|_| ()), EventForm::Full, &Unsigned::default()).get("msc4354_sticky"), None);
}

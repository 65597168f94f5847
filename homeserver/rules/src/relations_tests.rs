use ruma::OwnedEventId;
use serde_json::{Value, json};

use super::*;
use crate::test_room::{TestRoom, user, version};

fn pdu(content: Value) -> Pdu {
    TestRoom::new(version("12"), "public").builds(&user("alice"), "m.room.message", None, &content)
}

fn id(id: &str) -> OwnedEventId {
    OwnedEventId::try_from(id).unwrap()
}

#[test]
fn well_formed_relations_are_read() {
    let thread = pdu(json!({"body": "x", "m.relates_to": {
        "rel_type": "m.thread", "event_id": "$root", "is_falling_back": true, "m.in_reply_to": {"event_id": "$last"},
    }}));
    let expected =
        Relation { rel_type: "m.thread".to_owned(), event_id: id("$root"), key: None, is_falling_back: true };
    assert_eq!(relation(&thread), Some(expected));
    assert_eq!(thread_root(&thread), Some(id("$root")));
    assert_eq!(reply_to(&thread), Some(id("$last")));
    let reaction = pdu(json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": "$x", "key": "👍"}}));
    assert_eq!(relation(&reaction).unwrap().key.as_deref(), Some("👍"));
    assert_eq!(thread_root(&reaction), None);
}

#[test]
fn a_plain_reply_is_no_relation() {
    let reply = pdu(json!({"m.relates_to": {"m.in_reply_to": {"event_id": "$x"}}}));
    assert_eq!((relation(&reply), reply_to(&reply)), (None, Some(id("$x"))));
}

#[test]
fn malformed_relations_are_none() {
    for relates_to in [
        json!(null),
        json!([]),
        json!("x"),
        json!({"rel_type": "m.thread"}),
        json!({"event_id": "$x"}),
        json!({"rel_type": 1, "event_id": "$x"}),
        json!({"rel_type": "m.thread", "event_id": "no sigil"}),
        json!({"rel_type": "m.thread", "event_id": {}}),
        json!({"m.in_reply_to": "x"}),
        json!({"m.in_reply_to": {"event_id": 7}}),
    ] {
        let pdu = pdu(json!({"m.relates_to": relates_to}));
        assert_eq!((relation(&pdu), reply_to(&pdu)), (None, None), "{relates_to}");
    }
    let odd =
        pdu(json!({"m.relates_to": {"rel_type": "r", "event_id": "$x", "key": 7, "is_falling_back": "yes"}}));
    let relation = relation(&odd).unwrap();
    assert_eq!((relation.key, relation.is_falling_back), (None, false));
    assert_eq!(reply_to(&pdu(json!({"body": "\"m.relates_to\""}))), None);
}

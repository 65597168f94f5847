use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::test_room::version;

fn event() -> Value {
    json!({
        "auth_events": ["$a"], "content": {}, "depth": 1, "hashes": {"sha256": "x"}, "origin_server_ts": 1,
        "prev_events": ["$p"], "room_id": "!r:example.org", "sender": "@a:example.org", "signatures": {},
        "type": "t",
    })
}

fn check(event: &Value, name: &str) -> Result<(), FormError> {
    check_event(&parse_object(event.to_string().as_bytes())?, version(name))
}

#[test]
fn the_event_format_is_checked_field_by_field() {
    check(&event(), "11").unwrap();
    let table = [
        ("type", vec![json!(null), json!(7), json!("x".repeat(256))]),
        ("sender", vec![json!("alice"), json!({}), json!(format!("@{}:example.org", "x".repeat(255)))]),
        ("room_id", vec![json!("r"), json!(1), json!(null)]),
        ("state_key", vec![json!(1), json!(null), json!("x".repeat(256))]),
        ("content", vec![json!([]), json!("x"), json!(null)]),
        ("depth", vec![json!(-1), json!("1"), json!(null)]),
        ("origin_server_ts", vec![json!("1"), json!(null)]),
        ("prev_events", vec![json!({}), json!([1]), json!([["$p", {}]]), json!(vec!["$p"; 21])]),
        ("auth_events", vec![json!("x"), json!(["no sigil"]), json!(vec!["$a"; 11])]),
    ];
    for (field, values) in table {
        for value in values {
            let mut event = event();
            event[field] = value.clone();
            assert!(check(&event, "11").is_err(), "{field} = {value:.60}");
        }
        if field != "state_key" {
            let mut event = event();
            event.as_object_mut().unwrap().remove(field);
            assert!(check(&event, "11").is_err(), "without {field}");
        }
    }
}

#[test]
fn references_and_ids_follow_the_version() {
    let mut old = event();
    old["prev_events"] = json!([["$p:example.org", {"sha256": "x"}]]);
    old["auth_events"] = json!([["$a:example.org", {}]]);
    assert!(check(&old, "1").is_err(), "no event id");
    old["event_id"] = json!("$e:example.org");
    check(&old, "1").unwrap();
    check(&old, "2").unwrap();
    assert!(check(&old, "3").is_err(), "pairs");
    let mut create = event();
    create["type"] = json!("m.room.create");
    create.as_object_mut().unwrap().remove("room_id");
    assert!(check(&create, "11").is_err());
    check(&create, "12").unwrap();
}

#[test]
fn keys_are_measured_in_code_points_below_version_11() {
    let (fits, fits_in_code_points, too_long) = ("é".repeat(127), "💥".repeat(255), "💥".repeat(256));
    for field in ["type", "state_key"] {
        for version in model::ROOM_VERSIONS.iter() {
            let with = |key: &str| {
                let mut event = event();
                if version.sender_chooses_event_id() {
                    let reference = |id: &str| json!([[format!("{id}:example.org"), {"sha256": "x"}]]);
                    (event["prev_events"], event["auth_events"]) = (reference("$p"), reference("$a"));
                    event["event_id"] = json!("$e:example.org");
                }
                event[field] = json!(key);
                check(&event, version.id().as_str()).is_ok()
            };
            let in_bytes = ["11", "12"].contains(&version.id().as_str());
            assert!(with(&fits), "{field} in {version:?}");
            assert_eq!(with(&fits_in_code_points), !in_bytes, "{field} in {version:?}");
            assert!(!with(&too_long), "{field} in {version:?}");
        }
    }
}

#[test]
fn the_size_counts_signatures() {
    let mut event = event();
    event["content"] = json!({"body": "x".repeat(65_000)});
    check(&event, "11").unwrap();
    event["signatures"] = json!({"example.org": {"ed25519:1": "x".repeat(600)}});
    assert!(matches!(check(&event, "11"), Err(FormError::TooLarge { what: "the event", .. })));
}

#[test]
fn hostile_json_is_refused_without_harm() {
    let deep = |open: &str, close: &str| format!("{{\"a\":{}{}}}", open.repeat(10_000), close.repeat(10_000));
    for json in [
        deep("[", "]"),
        format!("{{\"a\":{}1{}}}", "{\"b\":".repeat(10_000), "}".repeat(10_000)),
        "[".repeat(200_000),
        "{\"a\":1.0}".to_owned(),
        "{\"a\":-0}".to_owned(),
        "{\"a\":1E400}".to_owned(),
        "{\"a\":9007199254740992}".to_owned(),
        "{\"a\":\"\\ud800\"}".to_owned(),
        "{\"a\":\"\u{1}\"}".to_owned(),
        "{\"a\":NaN}".to_owned(),
        "{\"a\":1}}".to_owned(),
        "{\"a\":1} x".to_owned(),
        "\u{feff}{}".to_owned(),
        String::new(),
        "x".repeat(400_000),
    ] {
        assert!(parse_object(json.as_bytes()).is_err(), "{json:.60}");
    }
    assert!(parse_object(b"{\"a\":\"\xff\"}").is_err(), "not UTF-8");
    let brackets = format!("{{\"a\":\"{}\"}}", "[".repeat(10_000));
    assert!(parse_object(brackets.as_bytes()).is_ok(), "brackets inside a string are text");
}

#[test]
fn nesting_up_to_the_limit_is_fine() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    check_nesting(nested(NESTING_MAX).as_bytes()).unwrap();
    assert!(check_nesting(nested(NESTING_MAX + 1).as_bytes()).is_err());
    check_nesting("\"[[[[\\\"[[[\"".repeat(100).as_bytes()).unwrap();
    let object = format!("{{\"a\":{}}}", nested(NESTING_MAX - 1));
    parse_object(object.as_bytes()).unwrap();
}

#[test]
fn of_doubled_keys_the_last_counts() {
    let object = parse_object(b"{\"a\":1,\"b\":2,\"a\":3}").unwrap();
    assert_eq!(to_bytes(&object).unwrap(), b"{\"a\":3,\"b\":2}");
}

fn canonical_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[\u{0}-\u{1f}\"\\\\\u{7f}\u{2028}😀]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn canonical_json_round_trips_is_stable_and_sorted(value in canonical_value()) {
        let wrapped = json!({"wrapped": value}).to_string();
        let bytes = to_bytes(&parse_object(wrapped.as_bytes()).unwrap()).unwrap();
        let again = to_bytes(&parse_object(&bytes).unwrap()).unwrap();
        prop_assert_eq!(&bytes, &again);
        prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), json!({"wrapped": value}));
    }

    #[test]
    fn keys_are_in_code_point_order(keys in prop::collection::btree_set("[a-cA-C\u{e9}\u{1f600}\u{ff61}]{1,3}", 1..8)) {
        let mut shuffled: Vec<_> = keys.iter().cloned().collect();
        shuffled.reverse();
        let body: Vec<String> = shuffled.iter().map(|key| format!("{}:1", json!(key))).collect();
        let object = parse_object(format!("{{{}}}", body.join(",")).as_bytes()).unwrap();
        let expected: Vec<String> = keys.iter().map(|key| format!("{}:1", json!(key))).collect();
        prop_assert_eq!(String::from_utf8(to_bytes(&object).unwrap()).unwrap(), format!("{{{}}}", expected.join(",")));
    }

    #[test]
    fn any_bytes_are_an_answer_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = check_nesting(&bytes);
        if let Ok(object) = parse_object(&bytes) {
            prop_assert!(check_event(&object, version("12")).is_err());
        }
    }
}

#[test]
fn depth_counts_brackets_outside_strings() {
    let cases = [
        ("", 0, false),
        ("1", 0, false),
        ("{}", 0, true),
        ("{}", 1, false),
        (r#"{"a":[1]}"#, 1, true),
        (r#"{"a":[1],"b":[2]}"#, 2, false),
        (r#"{"[[[[":"{{{{"}"#, 1, false),
        (r#"{"a\"[[[":1}"#, 1, false),
        (r#"{"a\\":[[]]}"#, 2, true),
        ("]]]]{", 1, false),
    ];
    for (json, depth_max, expected) in cases {
        assert_eq!(nests_deeper(json.as_bytes(), depth_max), expected, "{json}");
    }
    assert!(nests_deeper("[".repeat(10_000).as_bytes(), 100));
}

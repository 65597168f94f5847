use bytes::Bytes;
use model::RoomVersion;
use proptest::prelude::*;
use ruma::{
    Int, OwnedEventId, OwnedUserId, UInt,
    power_levels::NotificationPowerLevels,
    push::{PushConditionPowerLevelsCtx, PushConditionRoomCtx},
    room_version_rules::RoomPowerLevelsRules,
    serde::Raw,
    user_id,
};
use serde_json::{Value, json};

use super::*;
use crate::test_room::{TestRoom, user, version};

fn event(kind: &str, sender: &str, state_key: Option<&str>, content: &Value) -> Pdu {
    let mut event = json!({
        "auth_events": [], "content": content, "depth": 1, "origin_server_ts": 1, "prev_events": [],
        "room_id": "!room:example.org", "sender": user(sender), "type": kind,
    });
    if let Some(state_key) = state_key {
        event["state_key"] = json!(state_key);
    }
    Pdu::parse(OwnedEventId::try_from("$e").unwrap(), Bytes::from(event.to_string())).unwrap()
}

fn message(content: Value) -> Pdu {
    event("m.room.message", "alice", None, &content)
}

/// alice 100, everybody else 0.
fn power() -> PowerLevels {
    let room = TestRoom::new(version("11"), "public");
    let state = |kind: &str| &room.state[&(kind.to_owned(), String::new())];
    PowerLevels::new(room.version, state("m.room.create"), Some(state("m.room.power_levels")))
}

fn seen(rules: &Ruleset, members: u64, pdu: &Pdu) -> Actions {
    let (power, bob) = (power(), user("bob"));
    let context = PushContext {
        user: &bob,
        display_name: Some("Bobby"),
        member_count: members,
        power: Some(&power),
        thread_subscribed: None,
    };
    CompiledRules::compile(rules).evaluate(&context, pdu)
}

fn sound(name: &str) -> Option<Arc<str>> {
    Some(Arc::from(name))
}

#[test]
fn the_default_rules_do_what_the_spec_says() {
    let quiet = Actions::default();
    let counted = Actions { notify: true, ..quiet.clone() };
    let loud = Actions { sound: sound("default"), ..counted.clone() };
    let lit = Actions { highlight: true, ..counted.clone() };
    let all = Actions { highlight: true, ..loud.clone() };
    let text = json!({"body": "hi", "msgtype": "m.text"});
    let mention = json!({"body": "hi", "m.mentions": {"user_ids": ["@bob:example.org"]}});
    let room_mention = json!({"body": "hi", "m.mentions": {"room": true}});
    let edit = json!({"body": "hi", "m.relates_to": {"rel_type": "m.replace", "event_id": "$x"}});
    let invite = json!({"membership": "invite"});
    let empty = json!({});
    let table: [(&str, Pdu, u64, &Actions); 21] = [
        ("a message", message(text.clone()), 9, &counted),
        ("a message between two", message(text.clone()), 2, &loud),
        ("a notice", message(json!({"body": "hi", "msgtype": "m.notice"})), 2, &quiet),
        ("an own message", event("m.room.message", "bob", None, &mention), 2, &quiet),
        ("a mention", message(mention.clone()), 9, &all),
        ("a mention in an encrypted event", event("m.room.encrypted", "alice", None, &mention), 9, &all),
        (
            "a mention of somebody else",
            message(json!({"body": "x", "m.mentions": {"user_ids": ["@carol:example.org"]}})),
            9,
            &counted,
        ),
        ("a mention of all by somebody with power", message(room_mention.clone()), 9, &lit),
        ("a mention of all without it", event("m.room.message", "carol", None, &room_mention), 9, &counted),
        (
            "a malformed mention",
            message(json!({"body": "x", "m.mentions": {"user_ids": "@bob:example.org", "room": "true"}})),
            9,
            &counted,
        ),
        ("the name in the text is no mention any more", message(json!({"body": "hi bobby"})), 9, &counted),
        ("an edit", message(edit), 9, &quiet),
        ("a reaction", event("m.reaction", "alice", None, &empty), 2, &quiet),
        ("an invite for me", event("m.room.member", "alice", Some("@bob:example.org"), &invite), 9, &loud),
        (
            "an invite for another",
            event("m.room.member", "alice", Some("@carol:example.org"), &invite),
            9,
            &quiet,
        ),
        ("a tombstone", event("m.room.tombstone", "alice", Some(""), &empty), 9, &lit),
        ("a server ACL", event("m.room.server_acl", "alice", Some(""), &empty), 9, &quiet),
        (
            "a call",
            event("m.call.invite", "alice", None, &empty),
            2,
            &Actions { sound: sound("ring"), ..counted.clone() },
        ),
        ("an encrypted event", event("m.room.encrypted", "alice", None, &empty), 9, &counted),
        ("an encrypted event between two", event("m.room.encrypted", "alice", None, &empty), 2, &loud),
        ("a topic", event("m.room.topic", "alice", Some(""), &json!({"topic": "x"})), 2, &quiet),
    ];
    let rules = Ruleset::server_default(user_id!("@bob:example.org"));
    for (name, pdu, members, expected) in table {
        assert_eq!(seen(&rules, members, &pdu), *expected, "{name}");
    }
}

fn ruleset(rules: Value) -> Ruleset {
    serde_json::from_value(rules).unwrap()
}

#[test]
fn the_kinds_count_in_their_order() {
    let rule = |id: &str, extra: Value| {
        let mut rule = json!({
            "rule_id": id, "default": false, "enabled": true, "actions": ["notify", {"set_tweak": "sound", "value": id}],
        });
        rule.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        rule
    };
    let mut rules = json!({
        "override": [rule("o", json!({"conditions": []}))],
        "content": [rule("c", json!({"pattern": "hi"}))],
        "room": [rule("!room:example.org", json!({}))],
        "sender": [rule("@alice:example.org", json!({}))],
        "underride": [rule("u", json!({"conditions": [{"kind": "event_match", "key": "type", "pattern": "m.*"}]}))],
    });
    let pdu = message(json!({"body": "oh hi"}));
    for (kind, id) in [
        ("override", "o"),
        ("content", "c"),
        ("room", "!room:example.org"),
        ("sender", "@alice:example.org"),
        ("underride", "u"),
    ] {
        assert_eq!(seen(&ruleset(rules.clone()), 3, &pdu).sound, sound(id));
        rules[kind][0]["enabled"] = json!(false);
    }
    assert_eq!(seen(&ruleset(rules), 3, &pdu), Actions::default());
}

#[test]
fn a_condition_nobody_knows_never_holds() {
    let rules = |condition: Value| {
        ruleset(json!({"override": [{
            "rule_id": "x", "default": false, "enabled": true, "actions": ["notify"], "conditions": [condition],
        }]}))
    };
    let pdu = message(json!({"body": "hi bobby", "n": 3, "list": [1, "a", null], "deep": {"a.b": true}}));
    let table = [
        (json!({"kind": "org.example.unknown"}), false),
        (json!({"kind": "contains_display_name"}), true),
        (json!({"kind": "room_member_count", "is": ">=3"}), true),
        (json!({"kind": "room_member_count", "is": "<3"}), false),
        (json!({"kind": "sender_notification_permission", "key": "room"}), true),
        (json!({"kind": "sender_notification_permission", "key": "other"}), false),
        (json!({"kind": "event_property_is", "key": "content.n", "value": 3}), true),
        (json!({"kind": "event_property_is", "key": "content.n", "value": "3"}), false),
        (json!({"kind": "event_property_is", "key": r"content.deep.a\.b", "value": true}), true),
        (json!({"kind": "event_property_is", "key": "content.deep.a.b", "value": true}), false),
        (json!({"kind": "event_property_contains", "key": "content.list", "value": "a"}), true),
        (json!({"kind": "event_property_contains", "key": "content.list", "value": null}), true),
        (json!({"kind": "event_property_contains", "key": "content.n", "value": 3}), false),
        (json!({"kind": "event_match", "key": "content.n", "pattern": "3"}), false),
        (json!({"kind": "event_match", "key": "content.missing", "pattern": "*"}), false),
        (json!({"kind": "event_match", "key": "room_id", "pattern": "!ROOM:*"}), true),
        (json!({"kind": "event_match", "key": "sender", "pattern": "@alice:example.???"}), true),
        (json!({"kind": "event_match", "key": "content.body", "pattern": "bobby"}), true),
    ];
    for (condition, expected) in table {
        assert_eq!(seen(&rules(condition.clone()), 3, &pdu).notify, expected, "{condition}");
    }
}

#[test]
fn the_old_mention_rules_yield_to_mentions() {
    let rules = ruleset(json!({
        "override": [{
            "rule_id": ".m.rule.contains_display_name", "default": true, "enabled": true, "actions": ["notify"],
            "conditions": [{"kind": "contains_display_name"}],
        }],
        "content": [{
            "rule_id": ".m.rule.contains_user_name", "default": true, "enabled": true, "actions": ["notify"], "pattern": "bob",
        }],
    }));
    assert!(seen(&rules, 3, &message(json!({"body": "Bobby!"}))).notify);
    assert!(seen(&rules, 3, &message(json!({"body": "bob?"}))).notify);
    assert!(!seen(&rules, 3, &message(json!({"body": "bob, Bobby", "m.mentions": {}}))).notify);
}

#[test]
fn thread_subscriptions_count_when_known() {
    let rules = Ruleset::server_default(user_id!("@bob:example.org"));
    let compiled = CompiledRules::compile(&rules);
    let pdu = message(json!({"body": "x", "m.relates_to": {"rel_type": "m.thread", "event_id": "$root"}}));
    let bob = user("bob");
    let see = |thread_subscribed| {
        let context =
            PushContext { user: &bob, display_name: None, member_count: 9, power: None, thread_subscribed };
        compiled.evaluate(&context, &pdu)
    };
    assert_eq!(see(Some(false)), Actions::default());
    assert_eq!(see(Some(true)).sound, sound("default"));
    assert!(see(None).notify);
}

// Against ruma's own evaluator: random rules over random events.

fn keys() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "type",
        "sender",
        "room_id",
        "state_key",
        "content.body",
        "content.a",
        "content.b.c",
        r"content.m\.mentions.room",
        r"content.x\.y",
        "content",
        "content.list",
        "event_id",
        "missing",
    ])
    .prop_map(str::to_owned)
}

/// ruma takes the second of two wildcards in a row for a letter; the spec does not, and neither do we.
fn is_common_ground(pattern: &str) -> bool {
    !["**", "*?", "?*", "??"].iter().any(|pair| pattern.contains(pair))
}

fn scalars() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(1),
        json!(-7),
        json!("a"),
        json!("b c"),
        json!(""),
    ])
}

fn conditions() -> impl Strategy<Value = Value> {
    prop_oneof![
        (
            keys(),
            "[abc?* ]{0,5}|m\\.\\*|@alice:\\*|[abc]"
                .prop_filter("wildcards in a row", |p| is_common_ground(p))
        )
            .prop_map(|(key, pattern)| json!({"kind": "event_match", "key": key, "pattern": pattern})),
        (keys(), scalars())
            .prop_map(|(key, value)| json!({"kind": "event_property_is", "key": key, "value": value})),
        (keys(), scalars())
            .prop_map(|(key, value)| json!({"kind": "event_property_contains", "key": key, "value": value})),
        ("(==|<|>|>=|<=)?[0-4]").prop_map(|is| json!({"kind": "room_member_count", "is": is})),
        Just(json!({"kind": "sender_notification_permission", "key": "room"})),
        Just(json!({"kind": "contains_display_name"})),
        Just(json!({"kind": "org.example.unknown"})),
    ]
}

fn user_rules() -> impl Strategy<Value = Value> {
    let conditional = |prefix: &'static str| {
        prop::collection::vec((prop::collection::vec(conditions(), 0..3), any::<bool>(), any::<bool>()), 0..3).prop_map(
            move |rules| {
                let rule = |(number, (conditions, enabled, highlight))| {
                    let id = format!("{prefix}{number}");
                    let actions =
                        json!(["notify", {"set_tweak": "sound", "value": id}, {"set_tweak": "highlight", "value": highlight}]);
                    json!({"rule_id": id, "default": false, "enabled": enabled, "actions": actions, "conditions": conditions})
                };
                Value::from(rules.into_iter().enumerate().map(rule).collect::<Vec<_>>())
            },
        )
    };
    let content = prop::collection::vec(
        "[abc?* ]{0,4}".prop_filter("wildcards in a row", |p| is_common_ground(p)),
        0..3,
    )
    .prop_map(|patterns| {
        let rule = |(number, pattern)| {
            json!({"rule_id": format!("c{number}"), "default": false, "enabled": true, "pattern": pattern,
                   "actions": ["notify", {"set_tweak": "sound", "value": format!("c{number}")}]})
        };
        Value::from(patterns.into_iter().enumerate().map(rule).collect::<Vec<_>>())
    });
    (conditional("o"), content, conditional("u"))
        .prop_map(|(overriding, content, under)| json!({"override": overriding, "content": content, "underride": under}))
}

fn contents() -> impl Strategy<Value = Value> {
    let values = || {
        prop_oneof![
            scalars(),
            "[abc ]{0,6}".prop_map(Value::from),
            prop::collection::vec(scalars(), 0..3).prop_map(Value::from)
        ]
    };
    let keys = prop::sample::select(vec!["body", "a", "x.y", "list", "msgtype"]);
    (prop::collection::btree_map(keys, values(), 0..5), values(), any::<bool>()).prop_map(
        |(map, inner, mentions)| {
            let mut content = serde_json::Map::new();
            for (key, value) in map {
                content.insert(key.to_owned(), value);
            }
            content.insert("b".to_owned(), json!({"c": inner}));
            if mentions {
                content
                    .insert("m.mentions".to_owned(), json!({"room": true, "user_ids": ["@bob:example.org"]}));
            }
            Value::Object(content)
        },
    )
}

fn ruma_actions(rules: &Ruleset, members: u64, pdu: &Pdu) -> Actions {
    let mut json: Value = serde_json::from_slice(pdu.json()).unwrap();
    json["event_id"] = json!(pdu.event_id());
    let raw: Raw<Value> = Raw::new(&json).unwrap();
    let users = [(user("alice"), Int::from(100))].into_iter().collect();
    let version: &RoomVersion = version("11");
    let context = PushConditionRoomCtx::new(
        pdu.room_id().to_owned(),
        UInt::try_from(members).unwrap(),
        user("bob"),
        "Bobby".to_owned(),
    )
    .with_power_levels(PushConditionPowerLevelsCtx::new(
        users,
        Int::from(0),
        NotificationPowerLevels::new(),
        RoomPowerLevelsRules::new(version.authorization(), std::iter::empty::<OwnedUserId>()),
    ));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    actions(runtime.block_on(rules.get_actions(&raw, &context)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_same_verdict_as_ruma(
        rules in user_rules(),
        with_defaults in any::<bool>(),
        kind in prop::sample::select(vec!["m.room.message", "m.room.member", "m.reaction", "a", "m.room.encrypted"]),
        sender in prop::sample::select(vec!["alice", "bob", "carol"]),
        state_key in prop::option::of("|a|@bob:example.org"),
        members in 1_u64..4,
        content in contents(),
    ) {
        let mut ruleset = ruleset(rules);
        if with_defaults {
            ruleset.update_with_server_default(Ruleset::server_default(user_id!("@bob:example.org")));
        }
        let pdu = event(kind, sender, state_key.as_deref(), &content);
        prop_assert_eq!(seen(&ruleset, members, &pdu), ruma_actions(&ruleset, members, &pdu));
    }
}

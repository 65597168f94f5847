use model::ROOM_VERSIONS;
use ruma::{CanonicalJsonObject, OwnedEventId, event_id, serde::base64::Standard, signatures::sign_json};
use serde_json::{Value, json, value::to_raw_value};

use super::*;
use crate::{
    NewPdu,
    test_room::{TestRoom, key, server, user, version, versions},
};

/// In a public room of each version with bob (50) and carol joined, does the attempt succeed from version `first`
/// to version `last` and nowhere else?
fn allowed_in(name: &str, first: u32, last: u32, attempt: impl Fn(&mut TestRoom) -> Result<(), Refusal>) {
    for (number, version) in (1..).zip(ROOM_VERSIONS.iter().filter(|version| version.is_stable())) {
        let mut room = furnished(version);
        let verdict = attempt(&mut room);
        let expected = (first..=last).contains(&number);
        assert_eq!(verdict.is_ok(), expected, "{name} in version {number}: {verdict:?}");
    }
}

const ALWAYS: (u32, u32) = (1, 12);
const NEVER: (u32, u32) = (99, 0);

fn furnished(version: &'static RoomVersion) -> TestRoom {
    let mut room = TestRoom::new(version, "public");
    room.member("bob", "bob", "join");
    room.member("carol", "carol", "join");
    room.puts("alice", "m.room.power_levels", "", levels(&room, json!({"@bob:example.org": 50}), json!({})));
    room
}

/// Power levels content with the creator where the version allows it.
fn levels(room: &TestRoom, mut users: Value, mut rest: Value) -> Value {
    if !room.version.creators_are_infinite() {
        users["@alice:example.org"] = json!(100);
    }
    rest["users"] = users;
    rest
}

fn rule(room: &mut TestRoom, join_rule: &str) {
    room.puts("alice", "m.room.join_rules", "", json!({"join_rule": join_rule}));
}

#[test]
fn joining_follows_the_join_rule() {
    let join = json!({"membership": "join"});
    let table: [(&str, (u32, u32)); 6] = [
        ("public", ALWAYS),
        ("invite", NEVER),
        ("private", NEVER),
        ("knock", NEVER),
        ("restricted", NEVER),
        ("org.example.custom", NEVER),
    ];
    for (join_rule, (first, last)) in table {
        allowed_in(&format!("a stranger joins by {join_rule}"), first, last, |room| {
            rule(room, join_rule);
            room.tries_member("dave", "dave", join.clone())
        });
        // An invite opens every known rule of the version; `knock` and the restricted ones came later.
        let known_from = match join_rule {
            "public" | "invite" => 1,
            "knock" => 7,
            "restricted" => 8,
            _ => 99,
        };
        allowed_in(&format!("an invited one joins by {join_rule}"), known_from, 12, |room| {
            rule(room, join_rule);
            room.member("alice", "dave", "invite");
            room.tries_member("dave", "dave", join.clone())
        });
        allowed_in(&format!("a banned one joins by {join_rule}"), 99, 0, |room| {
            rule(room, join_rule);
            room.member("alice", "dave", "ban");
            room.tries_member("dave", "dave", join.clone())
        });
    }
    allowed_in("joining for somebody else", 99, 0, |room| room.tries_member("bob", "dave", join.clone()));
}

#[test]
fn restricted_rooms_want_somebody_who_may_invite() {
    for (join_rule, first) in [("restricted", 8), ("knock_restricted", 10)] {
        let join = |by: &str| json!({"membership": "join", "join_authorised_via_users_server": user(by)});
        allowed_in(&format!("{join_rule} by alice"), first, 12, |room| {
            rule(room, join_rule);
            room.tries_member("dave", "dave", join("alice"))
        });
        allowed_in(&format!("{join_rule} by somebody who is not joined"), 99, 0, |room| {
            rule(room, join_rule);
            room.tries_member("dave", "dave", join("erin"))
        });
        allowed_in(&format!("{join_rule} by somebody without the power"), 99, 0, |room| {
            rule(room, join_rule);
            let content = levels(room, json!({}), json!({"invite": 60}));
            room.puts("alice", "m.room.power_levels", "", content);
            room.tries_member("dave", "dave", join("carol"))
        });
    }
}

#[test]
fn knocking_came_with_version_7() {
    let knock = json!({"membership": "knock"});
    for (join_rule, first) in [("knock", 7), ("knock_restricted", 10), ("restricted", 99), ("public", 99)] {
        allowed_in(&format!("knocking by {join_rule}"), first, 12, |room| {
            rule(room, join_rule);
            room.tries_member("dave", "dave", knock.clone())
        });
    }
    allowed_in("knocking while joined", 99, 0, |room| {
        rule(room, "knock");
        room.tries_member("bob", "bob", knock.clone())
    });
    allowed_in("knocking for another", 99, 0, |room| {
        rule(room, "knock");
        room.tries_member("bob", "dave", knock.clone())
    });
    allowed_in("taking a knock back", 7, 12, |room| {
        if room.version.authorization().knocking {
            rule(room, "knock");
            room.member("dave", "dave", "knock");
        }
        room.tries_member("dave", "dave", json!({"membership": "leave"}))
    });
}

#[test]
fn inviting_kicking_and_banning_follow_power() {
    let member = |membership: &str| json!({"membership": membership});
    let table = [
        ("bob", "dave", "invite", ALWAYS),
        ("carol", "dave", "invite", ALWAYS),
        ("erin", "dave", "invite", NEVER),
        ("alice", "bob", "invite", NEVER),
        ("bob", "carol", "leave", ALWAYS),
        ("carol", "bob", "leave", NEVER),
        ("bob", "alice", "leave", NEVER),
        ("bob", "bob", "leave", ALWAYS),
        ("bob", "carol", "ban", ALWAYS),
        ("bob", "dave", "ban", ALWAYS),
        ("bob", "alice", "ban", NEVER),
        ("carol", "dave", "ban", NEVER),
        ("dave", "dave", "leave", NEVER),
        ("bob", "carol", "org.example.odd", NEVER),
    ];
    for (sender, target, membership, (first, last)) in table {
        allowed_in(&format!("{sender} {membership} {target}"), first, last, |room| {
            room.tries_member(sender, target, member(membership))
        });
    }
    allowed_in("unbanning with the power", 1, 12, |room| {
        room.member("alice", "dave", "ban");
        room.tries_member("bob", "dave", member("leave"))
    });
    allowed_in("unbanning without it", 99, 0, |room| {
        room.member("alice", "dave", "ban");
        room.tries_member("carol", "dave", member("leave"))
    });
    allowed_in("a membership without the word", 99, 0, |room| room.tries_member("bob", "bob", json!({})));
}

#[test]
fn power_levels_never_rise_beyond_their_sender() {
    type Row = (&'static str, &'static str, Value, Value, (u32, u32));
    let table: [Row; 11] = [
        ("bob lowers himself", "bob", json!({"@bob:example.org": 10}), json!({}), ALWAYS),
        ("bob raises himself", "bob", json!({"@bob:example.org": 60}), json!({}), NEVER),
        (
            "bob raises carol to his rank",
            "bob",
            json!({"@bob:example.org": 50, "@carol:example.org": 50}),
            json!({}),
            ALWAYS,
        ),
        (
            "bob raises carol above",
            "bob",
            json!({"@bob:example.org": 50, "@carol:example.org": 51}),
            json!({}),
            NEVER,
        ),
        ("bob raises the ban level", "bob", json!({"@bob:example.org": 50}), json!({"ban": 80}), NEVER),
        (
            "bob sets an event level",
            "bob",
            json!({"@bob:example.org": 50}),
            json!({"events": {"m.room.name": 50}}),
            ALWAYS,
        ),
        (
            "bob sets an event level above",
            "bob",
            json!({"@bob:example.org": 50}),
            json!({"events": {"m.room.name": 51}}),
            NEVER,
        ),
        (
            "bob sets a notification level above",
            "bob",
            json!({"@bob:example.org": 50}),
            json!({"notifications": {"room": 60}}),
            (1, 5),
        ),
        ("carol sets levels", "carol", json!({"@bob:example.org": 50}), json!({}), NEVER),
        ("a level as a string", "alice", json!({"@bob:example.org": "50"}), json!({}), (1, 9)),
        ("a level as text", "alice", json!({"@bob:example.org": "much"}), json!({}), NEVER),
    ];
    for (name, sender, users, rest, (first, last)) in table {
        allowed_in(name, first, last, |room| {
            let content = levels(room, users.clone(), rest.clone());
            room.tries(sender, "m.room.power_levels", "", content)
        });
    }
    allowed_in("the creator among the users", 1, 11, |room| {
        room.tries("alice", "m.room.power_levels", "", json!({"users": {"@alice:example.org": 100}}))
    });
    allowed_in("somebody who is no user", 99, 0, |room| {
        let content = levels(room, json!({"not a user": 1}), json!({}));
        room.tries("alice", "m.room.power_levels", "", content)
    });
}

#[test]
fn the_sender_must_be_joined_and_have_the_level() {
    let table = [
        ("carol", "m.room.topic", "", NEVER),
        ("bob", "m.room.topic", "", ALWAYS),
        ("dave", "m.room.topic", "", NEVER),
        ("bob", "org.example.mine", "@bob:example.org", ALWAYS),
        ("bob", "org.example.mine", "@carol:example.org", NEVER),
        ("alice", "org.example.mine", "@carol:example.org", NEVER),
    ];
    for (sender, kind, state_key, (first, last)) in table {
        allowed_in(&format!("{sender} puts {kind} {state_key}"), first, last, |room| {
            room.tries(sender, kind, state_key, json!({}))
        });
    }
    allowed_in("carol talks", 1, 12, |room| {
        let pdu = room.builds(&user("carol"), "m.room.message", None, &json!({"body": "hi"}));
        room.judges(&pdu)
    });
    allowed_in("a kicked one talks", 99, 0, |room| {
        room.member("alice", "carol", "leave");
        let pdu = room.builds(&user("carol"), "m.room.message", None, &json!({"body": "hi"}));
        room.judges(&pdu)
    });
}

#[test]
fn aliases_had_rules_of_their_own_before_version_6() {
    allowed_in("carol for her server", 1, 5, |room| {
        room.tries("carol", "m.room.aliases", "example.org", json!({"aliases": []}))
    });
    allowed_in("carol for another server", 99, 0, |room| {
        room.tries("carol", "m.room.aliases", "other.org", json!({"aliases": []}))
    });
    allowed_in("bob for another server", 6, 12, |room| {
        room.tries("bob", "m.room.aliases", "other.org", json!({"aliases": []}))
    });
}

#[test]
fn redactions_are_judged_here_in_versions_1_and_2_only() {
    let redaction = |room: &TestRoom, sender: &str, target: &EventId| {
        let sender = user(sender);
        let content = to_raw_value(&json!({})).unwrap();
        let template = room.builds(&sender, "m.room.redaction", None, &json!({}));
        let chosen = event_id!("$redaction:example.org");
        let pdu = NewPdu {
            room_id: room.room_id.as_deref(),
            sender: &sender,
            kind: "m.room.redaction",
            state_key: None,
            content: &content,
            redacts: Some(target),
            sticky_duration_ms: None,
            origin_server_ts: room.time,
            depth: room.depth,
            prev_events: template.prev_events(),
            auth_events: template.auth_events(),
            chosen_event_id: Some(chosen),
        };
        pdu.finish(room.version, &key(), server()).unwrap()
    };
    let own = event_id!("$x:example.org");
    let foreign = event_id!("$x:other.org");
    allowed_in("an event of the same server", 1, 12, |room| room.judges(&redaction(room, "carol", own)));
    allowed_in("a foreign one without power", 3, 12, |room| room.judges(&redaction(room, "carol", foreign)));
    allowed_in("a foreign one with power", 1, 12, |room| room.judges(&redaction(room, "bob", foreign)));
}

#[test]
fn an_invite_by_third_party_is_bound_to_its_token() {
    let signed = |mxid: &str| {
        let value = json!({"mxid": user(mxid), "token": "secret"});
        let mut object: CanonicalJsonObject = serde_json::from_value(value).unwrap();
        sign_json("identity.example.org", &key(), &mut object).unwrap();
        serde_json::to_value(object).unwrap()
    };
    let invite = |signed: Value| json!({"membership": "invite", "third_party_invite": {"display_name": "d", "signed": signed}});
    let public_key = ruma::serde::Base64::<Standard, _>::new(key().public_key().to_vec()).encode();
    let put = |room: &mut TestRoom, public_key: &str| {
        let content = json!({"display_name": "d", "key_validity_url": "https://x", "public_key": public_key});
        room.puts("bob", "m.room.third_party_invite", "secret", content);
    };
    allowed_in("the right one", 1, 12, |room| {
        put(room, &public_key);
        room.tries_member("bob", "dave", invite(signed("dave")))
    });
    allowed_in("for another user", 99, 0, |room| {
        put(room, &public_key);
        room.tries_member("bob", "erin", invite(signed("dave")))
    });
    allowed_in("by another sender", 99, 0, |room| {
        put(room, &public_key);
        room.tries_member("alice", "dave", invite(signed("dave")))
    });
    allowed_in("with another key", 99, 0, |room| {
        put(room, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        room.tries_member("bob", "dave", invite(signed("dave")))
    });
    allowed_in("without the state event", 99, 0, |room| {
        room.tries_member("bob", "dave", invite(signed("dave")))
    });
    allowed_in("carol may put one, for inviting needs no power", 1, 12, |room| {
        room.tries("carol", "m.room.third_party_invite", "other", json!({}))
    });
}

#[test]
fn creating_follows_the_version() {
    let create = |content: Value| {
        move |room: &mut TestRoom| {
            let mut room = TestRoom::empty(room.version);
            room.time += 1;
            room.tries("alice", "m.room.create", "", content.clone())
        }
    };
    allowed_in("with a creator", 1, 12, create(json!({"creator": "@alice:example.org"})));
    allowed_in("without a creator", 11, 12, create(json!({})));
    for bad in [json!("x"), json!([7]), json!(["no user"])] {
        let content = json!({"creator": "@alice:example.org", "additional_creators": bad});
        allowed_in("malformed additional creators", 1, 11, create(content));
    }
    allowed_in("a second create event", 99, 0, |room| {
        room.tries("alice", "m.room.create", "", json!({"creator": "@alice:example.org"}))
    });
    allowed_in("a create event by a foreign server", 12, 12, |room| {
        let room = TestRoom::empty(room.version);
        room.tries("eve:other.org", "m.room.create", "", json!({"creator": "@eve:other.org"}))
    });
}

#[test]
fn a_room_can_be_closed_to_other_servers() {
    for version in ROOM_VERSIONS.iter() {
        let mut room = TestRoom::empty(version);
        room.puts(
            "alice",
            "m.room.create",
            "",
            json!({"creator": "@alice:example.org", "m.federate": false}),
        );
        room.member("alice", "alice", "join");
        room.puts("alice", "m.room.join_rules", "", json!({"join_rule": "public"}));
        let join = json!({"membership": "join"});
        room.tries_member("bob", "bob", join.clone()).unwrap();
        assert!(room.tries_member("bob:other.org", "bob:other.org", join).is_err(), "{version:?}");
    }
}

#[test]
fn creators_of_version_12_are_above_all_levels() {
    let mut room = TestRoom::empty(version("12"));
    room.puts("alice", "m.room.create", "", json!({"additional_creators": ["@bob:example.org"]}));
    room.member("alice", "alice", "join");
    room.puts("alice", "m.room.join_rules", "", json!({"join_rule": "public"}));
    room.member("bob", "bob", "join");
    room.member("carol", "carol", "join");
    let content = json!({"users": {"@carol:example.org": 9_007_199_254_740_991_i64}, "state_default": 9_007_199_254_740_991_i64});
    room.puts("alice", "m.room.power_levels", "", content);
    room.tries("bob", "m.room.topic", "", json!({"topic": "x"})).unwrap();
    room.tries_member("bob", "carol", json!({"membership": "ban"})).unwrap();
    assert!(room.tries_member("carol", "bob", json!({"membership": "ban"})).is_err());
    assert!(
        room.tries_member("bob", "alice", json!({"membership": "leave"})).is_err(),
        "nor above each other"
    );
}

#[test]
fn what_an_event_names_as_authority_is_checked() {
    for version in versions(1, 12) {
        let room = furnished(version);
        let good = room.builds(&user("bob"), "m.room.topic", Some(""), &json!({"topic": "x"}));
        room.judges(&good).unwrap();
        let with = |auth: &[OwnedEventId]| {
            let content = to_raw_value(&json!({"topic": "x"})).unwrap();
            let pdu = NewPdu {
                room_id: room.room_id.as_deref(),
                sender: &user("bob"),
                kind: "m.room.topic",
                state_key: Some(""),
                content: &content,
                redacts: None,
                sticky_duration_ms: None,
                origin_server_ts: 1,
                depth: 9,
                prev_events: &room.last,
                auth_events: auth,
                chosen_event_id: Some(event_id!("$t:example.org")),
            };
            pdu.finish(version, &key(), server()).unwrap()
        };
        let state =
            |kind: &str, key: &str| room.state[&(kind.to_owned(), key.to_owned())].event_id().to_owned();
        let check = |pdu: &Pdu| check_references(version, pdu, |id| room.judged(id));
        let mut doubled = good.auth_events().to_vec();
        doubled.push(doubled[0].clone());
        assert!(check(&with(&doubled)).is_err(), "doubled in {version:?}");
        let mut unexpected = good.auth_events().to_vec();
        unexpected.push(state("m.room.join_rules", ""));
        assert!(check(&with(&unexpected)).is_err(), "unexpected in {version:?}");
        let unknown = [good.auth_events(), &[event_id!("$unknown:example.org").to_owned()]].concat();
        assert!(check(&with(&unknown)).is_err(), "unknown in {version:?}");
        let create = state("m.room.create", "");
        if version.room_id_is_create_hash() {
            let named = [good.auth_events(), std::slice::from_ref(&create)].concat();
            assert!(check(&with(&named)).is_err(), "version 12 never names the create event");
            assert!(
                check_references(version, &good, |id| room.judged(id).filter(|e| *e.event_id() != create))
                    .is_err()
            );
        } else {
            let without: Vec<_> = good.auth_events().iter().filter(|id| **id != create).cloned().collect();
            assert!(check(&with(&without)).is_err(), "without create in {version:?}");
        }
        let rejected = |id: &EventId| room.events.get(id).map(|pdu| Judged::new(pdu.clone(), true));
        assert!(check_references(version, &good, rejected).is_err(), "rejected in {version:?}");
    }
}

#[test]
fn keys_with_too_many_bytes_are_rejected_where_their_form_is_right() {
    let room = TestRoom::new(version("10"), "public");
    let good = room.builds(&user("alice"), "org.example.t", Some("k"), &json!({}));
    for (field, key, is_taken) in [
        ("state_key", "k", true),
        ("state_key", &*"💥".repeat(70), false),
        ("type", &*"💥".repeat(70), false),
    ] {
        let mut changed: Value = serde_json::from_slice(good.json()).unwrap();
        changed[field] = json!(key);
        let changed = Pdu::parse(good.event_id().to_owned(), changed.to_string().into()).unwrap();
        let verdict = check_references(room.version, &changed, |id| room.judged(id));
        assert_eq!(verdict.is_ok(), is_taken, "{field} of {} bytes: {verdict:?}", key.len());
    }
}

#[test]
fn an_authority_of_another_room_is_refused() {
    for version in versions(1, 12) {
        let room = furnished(version);
        let mut other = TestRoom::empty(version);
        other.time += 77;
        other.room_id = other.room_id.map(|_| "!other:example.org".try_into().unwrap());
        let create =
            other.builds(&user("bob"), "m.room.create", Some(""), &json!({"creator": "@bob:example.org"}));
        other.appends(create);
        let foreign = other.builds(
            &user("bob"),
            "m.room.member",
            Some("@bob:example.org"),
            &json!({"membership": "join"}),
        );
        let good = room.builds(&user("bob"), "m.room.topic", Some(""), &json!({}));
        let swapped = |id: &EventId| {
            let own = room.judged(id)?;
            let is_member = own.pdu().is_state_of("m.room.member", "@bob:example.org");
            Some(if is_member { Judged::accepted(foreign.clone()) } else { own })
        };
        let refusal = check_references(version, &good, swapped).unwrap_err();
        assert!(refusal.reason().contains("same room"), "{refusal}");
    }
}

#[test]
fn the_selection_of_authority_is_the_specs() {
    let select = |name: &str, kind: &str, state_key: Option<&str>, content: Value| -> Vec<String> {
        let content = to_raw_value(&content).unwrap();
        let selected =
            auth_types_for_event(version(name), kind, &user("alice"), state_key, &content).unwrap();
        let mut keys: Vec<_> = selected.into_iter().map(|(kind, key)| format!("{kind} {key}")).collect();
        keys.sort();
        keys
    };
    let alice = "m.room.member @alice:example.org";
    let bob = "m.room.member @bob:example.org";
    let (create, power, join) = ("m.room.create ", "m.room.power_levels ", "m.room.join_rules ");
    assert_eq!(select("11", "m.room.message", None, json!({})), [create, alice, power]);
    assert_eq!(select("12", "m.room.message", None, json!({})), [alice, power]);
    assert!(select("11", "m.room.create", Some(""), json!({})).is_empty());
    let invite = json!({"membership": "invite"});
    assert_eq!(
        select("11", "m.room.member", Some("@bob:example.org"), invite),
        [create, join, alice, bob, power]
    );
    let leave = json!({"membership": "leave"});
    assert_eq!(select("11", "m.room.member", Some("@bob:example.org"), leave), [create, alice, bob, power]);
    let restricted = json!({"membership": "join", "join_authorised_via_users_server": "@bob:example.org"});
    assert_eq!(
        select("7", "m.room.member", Some("@alice:example.org"), restricted.clone()),
        [create, join, alice, power]
    );
    assert_eq!(
        select("8", "m.room.member", Some("@alice:example.org"), restricted),
        [create, join, alice, bob, power]
    );
    let content = to_raw_value(&json!({"membership": 7})).unwrap();
    assert!(
        auth_types_for_event(version("11"), "m.room.member", &user("alice"), Some("@a:b"), &content).is_err()
    );
}

#[test]
fn owned_state_is_set_by_its_owner_and_by_who_ranks_higher() {
    let owned = version(model::OWNED_STATE_ROOM_VERSION);
    let cases = [
        ("bob", "@bob:example.org_x", true),
        ("bob", "@carol:example.org_x", true),
        ("carol", "@bob:example.org", false),
        ("carol", "@carol:example.orgx", false),
        ("bob", "@oops", false),
        ("alice", "@nobody:other.org", true),
        ("alice", "@alice:example.org@x_", false),
    ];
    for version in [owned, version("10")] {
        let mut room = TestRoom::new(version, "public");
        room.member("bob", "bob", "join");
        room.member("carol", "carol", "join");
        let everybody = json!({"events": {"org.example.call": 0}});
        let users = json!({"@bob:example.org": 50});
        room.puts("alice", "m.room.power_levels", "", levels(&room, users, everybody));
        for (sender, state_key, expected) in cases {
            let verdict = room.tries(sender, "org.example.call", state_key, json!({}));
            assert_eq!(verdict.is_ok(), expected && version == owned, "{sender} {state_key}: {verdict:?}");
        }
    }
}

/// After a reset a room may have none; servers that disagreed on it would disagree on who is in the room.
#[test]
fn without_join_rules_a_room_is_one_by_invitation() {
    for version in versions(1, 12) {
        let mut room = TestRoom::new(version, "public");
        room.member("bob", "bob", "join");
        room.state.remove(&("m.room.join_rules".to_owned(), String::new()));
        room.tries_member("bob", "bob", json!({"membership": "join", "displayname": "Bob"})).unwrap();
        room.tries_member("carol", "carol", json!({"membership": "join"})).unwrap_err();
        room.member("bob", "carol", "invite");
        room.tries_member("carol", "carol", json!({"membership": "join"})).unwrap();
        room.tries_member("dave", "dave", json!({"membership": "knock"})).unwrap_err();
    }
}

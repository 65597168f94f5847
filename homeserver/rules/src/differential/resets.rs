//! The published cases in which resolution took back what nobody took back, each in the versions before and after the
//! cure. <https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4297-state-resolution-v2_1.md>

use ruma::events::StateEventType;
use serde_json::{Value, json};

use super::definition::{self, Events};
use super::{as_room, as_state, resolve};
use crate::resolution::{Budget, StateMap};
use crate::test_room::{TestRoom, version, versions};

type Key = (StateEventType, String);

fn key(kind: &str, state_key: &str) -> Key {
    (StateEventType::from(kind), state_key.to_owned())
}

fn member(name: &str) -> Key {
    key("m.room.member", &format!("@{name}:example.org"))
}

/// Resolves in both orders, asks the oracle as well, and returns the content of an entry.
fn resolved(branches: &[&TestRoom], states: &[StateMap; 2]) -> impl Fn(&Key) -> Option<Value> + use<> {
    let room = branches[0];
    let events: Events = branches.iter().flat_map(|branch| branch.events.clone()).collect();
    let run =
        |states: &[StateMap]| definition::resolve(room.version, &events, states, Budget::default()).unwrap();
    let state = run(states);
    let [one, other] = states.clone();
    assert_eq!(state, run(&[other, one]));
    let number = room.version.id().as_str().parse().unwrap();
    let oracle = resolve::resolve(&as_room(number, events.values()), &states.each_ref().map(as_state));
    assert_eq!(as_state(&state), oracle, "version {number}");
    move |key| events[state.get(key)?].content_as().ok()
}

/// A display name of somebody who is in the room.
fn renamed(branch: &mut TestRoom, name: &str) {
    let user = format!("@{name}:example.org");
    let content = json!({ "membership": "join", "displayname": format!("{name}++") });
    branch.puts(name, "m.room.member", &user, content);
}

fn levels(room: &TestRoom, mut users: Value) -> Value {
    if !room.version.creators_are_infinite() {
        users["@alice:example.org"] = json!(100);
    }
    json!({ "users": users })
}

/// Hydra, problem A: who closed the door has left since, and one of the states has forgotten that it was closed. Before
/// version 12 the leave, on which both agree, undoes both join rules.
#[test]
fn msc4297_problem_a_in_versions_11_and_12() {
    for version in versions(2, 12) {
        let mut room = TestRoom::new(version, "public");
        room.member("bob", "bob", "join");
        room.member("charlie", "charlie", "join");
        let open = room.state_map()[&key("m.room.join_rules", "")].clone();
        room.puts("alice", "m.room.join_rules", "", json!({ "join_rule": "invite" }));
        room.member("alice", "alice", "leave");
        let (mut of_bob, mut of_charlie) = (room.fork("b"), room.fork("c"));
        renamed(&mut of_bob, "bob");
        renamed(&mut of_charlie, "charlie");
        let mut forgetful = of_charlie.state_map();
        forgetful.insert(key("m.room.join_rules", ""), open);
        let at = resolved(&[&of_bob, &of_charlie], &[of_bob.state_map(), forgetful]);
        let rule = at(&key("m.room.join_rules", "")).map(|content| content["join_rule"].clone());
        let expected = version.creators_are_infinite().then(|| json!("invite"));
        assert_eq!(rule, expected, "{version:?}");
        let names = ["bob", "charlie"].map(|name| at(&member(name)).unwrap()["displayname"].clone());
        assert_eq!(names, ["bob++", "charlie++"], "{version:?}");
    }
}

/// Hydra, problem B: one of the states has gone back to the first power levels. Between them and the newest stands one
/// that no state has, without which the newest looks forbidden before version 12.
#[test]
fn msc4297_problem_b_in_versions_11_and_12() {
    for version in versions(2, 12) {
        let mut room = TestRoom::new(version, "public");
        room.member("bob", "bob", "join");
        room.member("charlie", "charlie", "join");
        let first = room.state_map()[&key("m.room.power_levels", "")].clone();
        let bobs = levels(&room, json!({ "@bob:example.org": 50 }));
        room.puts("alice", "m.room.power_levels", "", bobs);
        let charlies = levels(&room, json!({ "@bob:example.org": 50, "@charlie:example.org": 50 }));
        room.puts("bob", "m.room.power_levels", "", charlies);
        let (mut of_zara, mut of_eve) = (room.fork("z"), room.fork("e"));
        of_zara.member("zara", "zara", "join");
        of_eve.member("eve", "eve", "join");
        renamed(&mut of_eve, "eve");
        let mut gone_back = of_eve.state_map();
        gone_back.insert(key("m.room.power_levels", ""), first);
        let at = resolved(&[&of_zara, &of_eve], &[of_zara.state_map(), gone_back]);
        let users = at(&key("m.room.power_levels", "")).unwrap()["users"].clone();
        let kept = users["@charlie:example.org"] == 50;
        assert_eq!(kept, version.creators_are_infinite(), "{version:?}: {users}");
        assert!(at(&member("zara")).is_some() && at(&member("eve")).is_some());
    }
}

/// The reset that version 2 cured: in version 1 the lowest of several events enters unjudged, so that an old ban
/// comes back when a fork begins before it was lifted.
#[test]
fn a_membership_that_moved_on_is_reset_in_version_1_alone() {
    for version in versions(1, 12) {
        let mut room = TestRoom::new(version, "public");
        room.member("bob", "bob", "join");
        room.member("alice", "bob", "ban");
        let mut left = room.fork("l");
        let mut right = room.fork("r");
        left.member("alice", "bob", "leave");
        left.member("bob", "bob", "join");
        right.puts("alice", "m.room.topic", "", json!({ "topic": "elsewhere" }));
        let at = resolved(&[&left, &right], &[left.state_map(), right.state_map()]);
        let expected = if version.id().as_str() == "1" { "ban" } else { "join" };
        assert_eq!(at(&member("bob")).unwrap()["membership"], expected, "{version:?}");
    }
}

/// A demotion that only one branch knows outlasts whatever the demoted one does on the other, however late.
#[test]
fn a_demotion_is_not_taken_back_by_the_demoted_one() {
    for name in ["2", "11", "12"] {
        let mut room = TestRoom::new(version(name), "public");
        room.member("bob", "bob", "join");
        let fifty = levels(&room, json!({ "@bob:example.org": 50 }));
        room.puts("alice", "m.room.power_levels", "", fifty);
        let (mut left, mut right) = (room.fork("l"), room.fork("r"));
        let none = levels(&room, json!({ "@bob:example.org": 0 }));
        left.puts("alice", "m.room.power_levels", "", none);
        right.time += 90_000;
        let mut users = json!({ "@bob:example.org": 50 });
        for guest in ["carol", "dave", "erin"] {
            users[format!("@{guest}:example.org")] = json!(50);
            let granted = levels(&room, users.clone());
            right.puts("bob", "m.room.power_levels", "", granted);
        }
        let at = resolved(&[&left, &right], &[left.state_map(), right.state_map()]);
        let users = at(&key("m.room.power_levels", "")).unwrap()["users"].clone();
        assert_eq!(users["@bob:example.org"], 0, "version {name}");
        assert_eq!(users.get("@erin:example.org"), None, "version {name}");
    }
}

use std::collections::HashSet;

use model::ROOM_VERSIONS;
use serde_json::{Value, json};

use super::*;
use crate::differential::definition;
use crate::test_room::{TestRoom, version, versions};

/// Resolves branches in every order; all orders must agree.
fn resolve_branches(branches: &[&TestRoom]) -> StateMap {
    let states: Vec<StateMap> = branches.iter().map(|branch| branch.state_map()).collect();
    resolve_states(branches, &states)
}

fn resolve_states(branches: &[&TestRoom], states: &[StateMap]) -> StateMap {
    let mut results =
        permutations(states).into_iter().map(|states| run(branches, &states, Budget::default()).unwrap());
    let first = results.next().unwrap();
    for other in results {
        assert_eq!(first, other, "the order of states must not matter");
    }
    first
}

fn run(branches: &[&TestRoom], states: &[StateMap], budget: Budget) -> Result<StateMap, ResolveError> {
    let events = branches.iter().flat_map(|branch| branch.events.clone()).collect();
    definition::resolve(branches[0].version, &events, states, budget)
}

fn permutations(states: &[StateMap]) -> Vec<Vec<StateMap>> {
    if states.len() <= 1 {
        return vec![states.to_vec()];
    }
    (0..states.len())
        .flat_map(|index| {
            let mut rest = states.to_vec();
            let first = rest.remove(index);
            permutations(&rest).into_iter().map(move |tail| [vec![first.clone()], tail].concat())
        })
        .collect()
}

fn at(branches: &[&TestRoom], state: &StateMap, kind: &str, key: &str) -> Option<Value> {
    let id = state.get(&(StateEventType::from(kind), key.to_owned()))?;
    branches.iter().find_map(|branch| branch.judged(id))?.pdu().content_as().ok()
}

/// alice (creator), bob (50) and carol joined in a public room with a topic.
fn furnished(version: &'static RoomVersion) -> TestRoom {
    let mut room = TestRoom::new(version, "public");
    room.member("bob", "bob", "join");
    room.member("carol", "carol", "join");
    let mut users = json!({"@bob:example.org": 50});
    if !version.creators_are_infinite() {
        users["@alice:example.org"] = json!(100);
    }
    room.puts("alice", "m.room.power_levels", "", json!({"users": users}));
    room.puts("alice", "m.room.topic", "", json!({"topic": "first"}));
    room
}

fn levels(version: &RoomVersion, mut users: Value) -> Value {
    if !version.creators_are_infinite() {
        users["@alice:example.org"] = json!(100);
    }
    json!({"users": users})
}

#[test]
fn states_that_agree_are_taken_as_they_are() {
    for version in ROOM_VERSIONS.iter() {
        let room = furnished(version);
        assert_eq!(resolve_branches(&[&room, &room.clone()]), room.state_map(), "{version:?}");
    }
}

#[test]
fn a_ban_beats_what_the_banned_one_does_meanwhile() {
    for version in ROOM_VERSIONS.iter() {
        let room = furnished(version);
        let (mut left, mut right) = (room.fork("l"), room.fork("r"));
        left.member("alice", "bob", "ban");
        right.time += 60_000;
        right.puts("bob", "m.room.topic", "", json!({"topic": "bob was here"}));
        let branches = [&left, &right];
        let state = resolve_branches(&branches);
        let membership = at(&branches, &state, "m.room.member", "@bob:example.org").unwrap();
        assert_eq!(membership["membership"], "ban", "{version:?}");
        assert_eq!(at(&branches, &state, "m.room.topic", "").unwrap()["topic"], "first", "{version:?}");
    }
}

#[test]
fn of_two_topics_the_later_one_wins_from_version_2_on() {
    for version in versions(2, 12) {
        let room = furnished(version);
        let (mut left, mut right) = (room.fork("l"), room.fork("r"));
        left.time += 5_000;
        left.puts("alice", "m.room.topic", "", json!({"topic": "later"}));
        right.puts("bob", "m.room.topic", "", json!({"topic": "earlier"}));
        let branches = [&left, &right];
        let state = resolve_branches(&branches);
        assert_eq!(at(&branches, &state, "m.room.topic", "").unwrap()["topic"], "later", "{version:?}");
    }
}

#[test]
fn version_1_takes_the_deepest_allowed_topic() {
    let room = furnished(version("1"));
    let (mut left, mut right) = (room.fork("l"), room.fork("r"));
    left.puts("alice", "m.room.topic", "", json!({"topic": "shallow, but later"}));
    left.time += 100_000;
    right.puts("bob", "m.room.topic", "", json!({"topic": "a"}));
    right.puts("bob", "m.room.topic", "", json!({"topic": "deep"}));
    let branches = [&left, &right];
    assert_eq!(at(&branches, &resolve_branches(&branches), "m.room.topic", "").unwrap()["topic"], "deep");
}

#[test]
fn version_1_takes_an_entry_that_only_one_state_has() {
    for (version, kept) in [("1", true), ("2", true), ("11", true)] {
        let room = furnished(crate::test_room::version(version));
        let (mut left, right) = (room.fork("l"), room.fork("r"));
        left.puts("alice", "m.room.name", "", json!({"name": "n"}));
        let branches = [&left, &right];
        assert_eq!(
            at(&branches, &resolve_branches(&branches), "m.room.name", "").is_some(),
            kept,
            "{version}"
        );
    }
}

#[test]
fn a_demotion_beats_what_the_demoted_one_grants_meanwhile() {
    for version in versions(2, 12) {
        let room = furnished(version);
        let (mut left, mut right) = (room.fork("l"), room.fork("r"));
        left.time += 60_000;
        left.puts("alice", "m.room.power_levels", "", levels(version, json!({"@bob:example.org": 0})));
        let grant = levels(version, json!({"@bob:example.org": 50, "@carol:example.org": 50}));
        right.puts("bob", "m.room.power_levels", "", grant);
        right.puts("carol", "m.room.topic", "", json!({"topic": "carol was here"}));
        let branches = [&left, &right];
        let state = resolve_branches(&branches);
        let users = &at(&branches, &state, "m.room.power_levels", "").unwrap()["users"];
        assert_eq!(users["@bob:example.org"], 0, "{version:?}");
        assert_eq!(users.get("@carol:example.org"), None, "{version:?}");
        assert_eq!(at(&branches, &state, "m.room.topic", "").unwrap()["topic"], "first", "{version:?}");
    }
}

#[test]
fn a_join_that_races_with_a_closing_door_is_undone() {
    for version in versions(2, 12) {
        let room = furnished(version);
        let (mut left, mut right) = (room.fork("l"), room.fork("r"));
        left.puts("alice", "m.room.join_rules", "", json!({"join_rule": "invite"}));
        right.member("dave", "dave", "join");
        let branches = [&left, &right];
        let state = resolve_branches(&branches);
        assert_eq!(at(&branches, &state, "m.room.join_rules", "").unwrap()["join_rule"], "invite");
        assert_eq!(at(&branches, &state, "m.room.member", "@dave:example.org"), None, "{version:?}");
    }
}

/// The reset that version 2.1 is made to prevent: bob joined while the room was public, the door closed, and one
/// state has lost his membership. Judged by the agreed join rule his old join looks forbidden; judged by what
/// stood behind it, it is not.
#[test]
fn version_12_does_not_reset_a_membership_that_one_state_lost() {
    for version in versions(2, 12) {
        let mut room = furnished(version);
        room.puts("alice", "m.room.join_rules", "", json!({"join_rule": "invite"}));
        let whole = room.state_map();
        let mut lost = whole.clone();
        lost.remove(&(StateEventType::RoomMember, "@carol:example.org".to_owned())).unwrap();
        let state = resolve_states(&[&room], &[whole, lost]);
        let kept = at(&[&room], &state, "m.room.member", "@carol:example.org").is_some();
        assert_eq!(kept, version.creators_are_infinite(), "{version:?}");
    }
}

#[test]
fn three_branches_resolve_the_same_in_every_order() {
    for version in ROOM_VERSIONS.iter() {
        let room = furnished(version);
        let (mut one, mut two, mut three) = (room.fork("a"), room.fork("b"), room.fork("c"));
        one.member("alice", "carol", "ban");
        one.puts("alice", "m.room.topic", "", json!({"topic": "one"}));
        two.puts(
            "bob",
            "m.room.power_levels",
            "",
            levels(version, json!({"@bob:example.org": 50, "@carol:example.org": 50})),
        );
        two.puts("carol", "m.room.topic", "", json!({"topic": "two"}));
        three.puts("alice", "m.room.join_rules", "", json!({"join_rule": "invite"}));
        three.member("carol", "carol", "leave");
        three.puts("bob", "m.room.name", "", json!({"name": "three"}));
        let branches = [&one, &two, &three];
        let state = resolve_branches(&branches);
        assert_eq!(
            at(&branches, &state, "m.room.member", "@carol:example.org").unwrap()["membership"],
            "ban",
            "{version:?}"
        );
        assert!(at(&branches, &state, "m.room.create", "").is_some());
    }
}

#[test]
fn only_the_agreed_state_that_matters_is_needed() {
    for version in ROOM_VERSIONS.iter() {
        let room = furnished(version);
        let (mut left, mut right) = (room.fork("l"), room.fork("r"));
        left.member("alice", "bob", "ban");
        right.puts("bob", "m.room.topic", "", json!({"topic": "x"}));
        let branches = [&left, &right];
        let states: Vec<StateMap> = branches.iter().map(|branch| branch.state_map()).collect();
        let whole = run(&branches, &states, Budget::default()).unwrap();
        let disputed = conflicted(&states);
        let events: Vec<Judged> =
            branches.iter().flat_map(|b| b.events.values().cloned().map(Judged::accepted)).collect();
        let full: Vec<&Judged> =
            events.iter().filter(|e| disputed.values().any(|ids| ids.contains(e.pdu().event_id()))).collect();
        let keys = relevant(version, full);
        let small: Vec<StateMap> = states
            .iter()
            .map(|state| {
                state
                    .clone()
                    .into_iter()
                    .filter(|(key, _)| disputed.contains_key(key) || keys.contains(key))
                    .collect()
            })
            .collect();
        assert!(small[0].len() < states[0].len());
        let resolved = run(&branches, &small, Budget::default()).unwrap();
        for key in disputed.keys() {
            assert_eq!(resolved.get(key), whole.get(key), "{key:?} in {version:?}");
        }
    }
}

#[test]
fn the_budget_ends_a_resolution() {
    for version in ROOM_VERSIONS.iter() {
        let room = furnished(version);
        let (mut left, mut right) = (room.fork("l"), room.fork("r"));
        for number in 0..20 {
            left.puts(
                "alice",
                "m.room.power_levels",
                "",
                levels(version, json!({"@bob:example.org": number})),
            );
            right.puts("alice", "m.room.topic", "", json!({"topic": number}));
        }
        let branches = [&left, &right];
        let states: Vec<StateMap> = branches.iter().map(|branch| branch.state_map()).collect();
        for budget in
            [Budget { steps_max: 5, events_max: 1_000 }, Budget { steps_max: 10_000, events_max: 1 }]
        {
            let error = run(&branches, &states, budget).unwrap_err();
            assert!(matches!(error, ResolveError::TooExpensive(_)), "{error} in {version:?}");
        }
        run(&branches, &states, Budget::default()).unwrap();
    }
}

#[test]
fn keys_in_conflict_are_those_that_differ_or_lack() {
    let room = furnished(version("11"));
    let mut other = room.fork("o");
    other.puts("alice", "m.room.topic", "", json!({"topic": "x"}));
    other.puts("alice", "m.room.name", "", json!({"name": "x"}));
    let states = [room.state_map(), other.state_map()];
    let keys: HashSet<String> = conflicted(&states).into_keys().map(|(kind, _)| kind.to_string()).collect();
    assert_eq!(keys, HashSet::from(["m.room.topic".to_owned(), "m.room.name".to_owned()]));
}

/// alice (100), bob (50), carol (0), dave (0) in a room where everybody may set `org.example.call`.
fn with_owned_state(version: &'static RoomVersion) -> TestRoom {
    let mut room = TestRoom::new(version, "public");
    for name in ["bob", "carol", "dave"] {
        room.member(name, name, "join");
    }
    room.puts("alice", "m.room.power_levels", "", owned_levels(50));
    room
}

fn owned_levels(bob: i64) -> Value {
    json!({
        "users": {"@alice:example.org": 100, "@bob:example.org": bob},
        "events": {"org.example.call": 0},
    })
}

const CALL: &str = "org.example.call";

/// What each of two branches sets (sender, key), and who of them stands after resolution. The second branch is
/// the later one.
#[test]
fn owned_state_that_was_allowed_survives_resolution() {
    let owned = version(model::OWNED_STATE_ROOM_VERSION);
    let carols = "@carol:example.org_phone_m.call";
    let cases = [
        // Only one branch sets the key.
        (Some(("carol", carols)), None, Some("carol")),
        (Some(("bob", carols)), None, Some("bob")),
        (None, Some(("alice", "@bob:example.org")), Some("alice")),
        // Both set it, the later one wins.
        (Some(("carol", carols)), Some(("bob", carols)), Some("bob")),
        (Some(("bob", carols)), Some(("carol", carols)), Some("carol")),
        (Some(("bob", "@bob:example.org")), Some(("alice", "@bob:example.org")), Some("alice")),
    ];
    for (first, second, winner) in cases {
        let room = with_owned_state(owned);
        let (mut left, mut right) = (room.fork("l"), room.fork("r"));
        right.time += 5_000;
        for (branch, set) in [(&mut left, first), (&mut right, second)] {
            if let Some((sender, key)) = set {
                branch.puts(sender, CALL, key, json!({"by": sender}));
            }
        }
        let key = first.or(second).unwrap().1;
        let branches = [&left, &right];
        let found = at(&branches, &resolve_branches(&branches), CALL, key);
        let by = found.as_ref().and_then(|content| content["by"].as_str());
        assert_eq!(by, winner, "{first:?} against {second:?}");
    }
}

#[test]
fn owned_state_falls_with_the_rank_that_allowed_it() {
    let owned = version(model::OWNED_STATE_ROOM_VERSION);
    let carols = "@carol:example.org_x";
    for (bob_keeps, expected) in [(50, Some("bob")), (1, Some("bob")), (0, Some("carol"))] {
        let mut room = with_owned_state(owned);
        room.puts("carol", CALL, carols, json!({"by": "carol"}));
        let (mut left, mut right) = (room.fork("l"), room.fork("r"));
        left.puts("alice", "m.room.power_levels", "", owned_levels(bob_keeps));
        right.time += 5_000;
        right.puts("bob", CALL, carols, json!({"by": "bob"}));
        let branches = [&left, &right];
        let found = at(&branches, &resolve_branches(&branches), CALL, carols);
        let by = found.as_ref().and_then(|content| content["by"].as_str());
        assert_eq!(by, expected, "bob at {bob_keeps}");
    }
}

#[test]
fn owned_state_of_someone_banned_meanwhile_is_undone() {
    let owned = version(model::OWNED_STATE_ROOM_VERSION);
    let room = with_owned_state(owned);
    let (mut left, mut right) = (room.fork("l"), room.fork("r"));
    left.member("alice", "carol", "ban");
    right.puts("carol", CALL, "@carol:example.org_x", json!({"by": "carol"}));
    right.puts("dave", CALL, "@dave:example.org_x", json!({"by": "dave"}));
    let branches = [&left, &right];
    let state = resolve_branches(&branches);
    assert_eq!(at(&branches, &state, CALL, "@carol:example.org_x"), None);
    assert_eq!(at(&branches, &state, CALL, "@dave:example.org_x").unwrap()["by"], "dave");
}

#[test]
fn covered_keys_do_not_meet_the_keys_of_others() {
    let owned = version(model::OWNED_STATE_ROOM_VERSION);
    let room = with_owned_state(owned);
    let (mut left, mut right) = (room.fork("l"), room.fork("r"));
    left.puts("carol", CALL, "@carol:example.org", json!({"by": "carol"}));
    right.puts("dave", CALL, "\0@carol:example.org", json!({"by": "dave"}));
    let branches = [&left, &right];
    let state = resolve_branches(&branches);
    assert_eq!(at(&branches, &state, CALL, "@carol:example.org").unwrap()["by"], "carol");
    assert_eq!(at(&branches, &state, CALL, "\0@carol:example.org").unwrap()["by"], "dave");
}

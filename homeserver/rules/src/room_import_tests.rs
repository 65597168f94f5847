use model::ROOM_VERSIONS;
use ruma::{owned_event_id, room_id, user_id};
use serde_json::json;

use super::*;
use crate::test_room::{TestRoom, version};

fn described(room: &TestRoom) -> (Vec<Pdu>, Vec<Pdu>) {
    (room.state.values().cloned().collect(), room.events.values().cloned().collect())
}

fn room_id_of(room: &TestRoom) -> ruma::OwnedRoomId {
    room.state.values().next().map(|pdu| pdu.room_id().to_owned()).unwrap()
}

fn judged(room: &TestRoom, state: &[Pdu], auth_chain: &[Pdu]) -> Result<Believed, Refusal> {
    judge(Described { room_id: &room_id_of(room), version: room.version, state, auth_chain })
}

#[test]
fn a_room_of_every_version_is_believed_whole_and_can_be_joined() {
    for version in ROOM_VERSIONS.iter() {
        let room = TestRoom::new(version, "public");
        let (mut state, mut chain) = described(&room);
        state.reverse();
        chain.reverse();
        let believed = judged(&room, &state, &chain).unwrap();
        assert_eq!(believed.state.len(), room.state.len(), "{version:?}");
        assert_eq!(believed.dropped, 0);
        assert!(believed.events.iter().all(|event| !event.is_rejected()));
        let mut seen = HashSet::new();
        for event in &believed.events {
            assert!(event.pdu().auth_events().iter().all(|id| seen.contains(id)), "{version:?}");
            seen.insert(event.pdu().event_id().to_owned());
        }
        let bob = user_id!("@bob:example.org");
        let join = room.builds(bob, "m.room.member", Some(bob.as_str()), &json!({"membership": "join"}));
        check_on_top(version, &believed, &join, false).unwrap();
    }
}

#[test]
fn a_room_that_the_own_join_does_not_fit_is_refused() {
    let room = TestRoom::new(version("11"), "invite");
    let (state, chain) = described(&room);
    let believed = judged(&room, &state, &chain).unwrap();
    let bob = user_id!("@bob:example.org");
    let join = room.builds(bob, "m.room.member", Some(bob.as_str()), &json!({"membership": "join"}));
    assert!(check_on_top(room.version, &believed, &join, false).is_err());
}

#[test]
fn t03_a_room_without_create_event_with_two_or_with_another_version_is_refused() {
    let room = TestRoom::new(version("11"), "public");
    let (state, chain) = described(&room);
    let without: Vec<Pdu> = state.iter().filter(|pdu| pdu.kind() != "m.room.create").cloned().collect();
    assert!(judged(&room, &without, &chain).is_err(), "no create event");
    let other = TestRoom::new(version("11"), "invite").fork("x");
    let second =
        other.builds(user_id!("@eve:example.org"), "m.room.create", Some(""), &json!({"room_version": "11"}));
    let mut two = chain.clone();
    two.push(second);
    assert!(judged(&room, &state, &two).is_err(), "two create events");
    let room_id = room_id_of(&room);
    let said = Described { room_id: &room_id, version: version("10"), state: &state, auth_chain: &chain };
    assert!(judge(said).is_err(), "another version");
    let elsewhere = room_id!("!elsewhere:example.org");
    let said = Described { room_id: elsewhere, version: version("11"), state: &state, auth_chain: &chain };
    assert!(judge(said).is_err(), "another room");
}

#[test]
fn what_stands_on_something_missing_is_left_out_and_what_is_not_allowed_is_rejected() {
    let mut room = TestRoom::new(version("11"), "public");
    let mallory = user_id!("@mallory:example.org");
    let forged = room.builds(mallory, "m.room.name", Some(""), &json!({"name": "mine"}));
    room.appends(forged.clone());
    let (mut state, chain) = described(&room);
    if !state.iter().any(|pdu| pdu.kind() == "m.room.name") {
        state.push(forged.clone());
    }
    let believed = judged(&room, &state, &chain).unwrap();
    let verdict = believed.events.iter().find(|event| event.pdu().event_id() == forged.event_id());
    assert!(verdict.unwrap().is_rejected());
    assert!(!believed.state.iter().any(|pdu| pdu.kind() == "m.room.name"));
    let levels = room.state[&("m.room.power_levels".to_owned(), String::new())].event_id().to_owned();
    let holed: Vec<Pdu> = chain.iter().filter(|pdu| pdu.event_id() != levels).cloned().collect();
    let state: Vec<Pdu> = state.into_iter().filter(|pdu| pdu.event_id() != levels).collect();
    let believed = judged(&room, &state, &holed).unwrap();
    assert!(believed.dropped > 0);
    assert!(!believed.state.iter().any(|pdu| pdu.kind() == "m.room.join_rules"), "it names the levels");
    assert_ne!(levels, owned_event_id!("$nothing"));
}

#[test]
fn two_events_for_one_state_key_are_refused() {
    let mut room = TestRoom::new(version("11"), "public");
    let (mut state, chain) = described(&room);
    room.time += 1;
    let alice = user_id!("@alice:example.org");
    state.push(room.builds(alice, "m.room.join_rules", Some(""), &json!({"join_rule": "invite"})));
    assert!(judged(&room, &state, &chain).is_err());
}

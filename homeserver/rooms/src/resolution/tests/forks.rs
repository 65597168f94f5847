//! Forks resolved through the store, against resolution by definition.

use model::{ROOM_VERSIONS, RoomVersion, StateNum};
use rules::auth::Judged;
use serde_json::json;
use store::Batch;

use super::room::{Branch, Dice, TestRoom, acts};
use crate::RoomsError;
use crate::resolution::fork::StateBefore;
use crate::resolution::limits::STATES_MAX;
use crate::resolution::{ChainBatch, Unwritten, resolve_states, state_before};
use crate::test_support::user;

fn versions() -> impl Iterator<Item = &'static RoomVersion> {
    ROOM_VERSIONS.iter()
}

fn member(name: &str) -> (String, String) {
    ("m.room.member".to_owned(), user(name).to_string())
}

#[tokio::test]
async fn one_parent_or_one_state_needs_no_resolution() {
    for version in versions() {
        let (mut room, mut branch) = TestRoom::new(version).await;
        let event = room.puts(&mut branch, "bob", "m.room.topic", "", json!({"topic": "x"})).await;
        let store = room.rooms.store();
        let whole = StateBefore { base: Some(branch.state), changes: Vec::new() };
        assert_eq!(state_before(&room.rooms, store, room.room, &[event], &[]).await.unwrap(), whole);
        assert_eq!(state_before(&room.rooms, store, room.room, &[event, event], &[]).await.unwrap(), whole);
        let none = state_before(&room.rooms, store, room.room, &[], &[]).await.unwrap();
        assert_eq!(none, StateBefore::default());
    }
}

#[tokio::test]
async fn a_ban_beats_what_the_banned_one_does_meanwhile() {
    for version in versions() {
        let (mut room, mut left) = TestRoom::new(version).await;
        room.puts(&mut left, "alice", "m.room.topic", "", json!({"topic": "first"})).await;
        let topic = ("m.room.topic".to_owned(), String::new());
        let first = left.entries[&topic].clone();
        let mut right = left.clone();
        let ban = room.member(&mut left, "alice", "bob", "ban").await;
        right.time += 60_000;
        let late = room.puts(&mut right, "bob", "m.room.topic", "", json!({"topic": "bob was here"})).await;
        let resolved = room.resolves(&[&left, &right]).await;
        assert_eq!(resolved[&member("bob")], left.entries[&member("bob")].event_id(), "{version:?}");
        assert_eq!(resolved[&topic], first.event_id(), "{version:?}");
        assert_eq!(resolved, room.resolves_by_definition(&[&left, &right]));
        let by_parents =
            state_before(&room.rooms, room.rooms.store(), room.room, &[ban, late], &[]).await.unwrap();
        assert_eq!(room.spells_out(&by_parents).await, resolved);
    }
}

#[tokio::test]
async fn random_forks_resolve_as_by_definition() {
    for (number, version) in versions().enumerate() {
        for seed in 0..12 {
            let (mut room, trunk) = TestRoom::new(version).await;
            let mut dice = Dice(seed * 1_000 + number as u64);
            let mut branches = vec![trunk];
            for _ in 0..40 {
                if branches.len() < 4 && dice.roll(12) == 0 {
                    let fork = dice.pick(&branches).clone();
                    branches.push(fork);
                }
                let at = dice.roll(branches.len() as u64) as usize;
                acts(&mut room, &mut branches[at], &mut dice).await;
            }
            let branches: Vec<&Branch> = branches.iter().collect();
            let resolved = room.resolves(&branches).await;
            let expected = room.resolves_by_definition(&branches);
            assert_eq!(resolved, expected, "{version:?}, seed {seed}");
        }
    }
}

#[tokio::test]
async fn resolved_states_can_fork_and_be_resolved_again() {
    for version in versions() {
        let (mut room, mut left) = TestRoom::new(version).await;
        let mut dice = Dice(5);
        for round in 0..4 {
            let mut right = left.clone();
            for _ in 0..6 {
                acts(&mut room, &mut left, &mut dice).await;
                acts(&mut room, &mut right, &mut dice).await;
            }
            let resolved = room.resolves(&[&left, &right]).await;
            assert_eq!(resolved, room.resolves_by_definition(&[&left, &right]), "{version:?}, round {round}");
            left.state = merged(&room, &[left.state, right.state]).await;
            left.entries = resolved.into_iter().map(|(key, id)| (key, room.events[&id].1.clone())).collect();
            left.time = left.time.max(right.time);
        }
    }
}

/// Stores the resolution of states as a snapshot.
async fn merged(room: &TestRoom, states: &[StateNum]) -> StateNum {
    let (store, chains) = (room.rooms.store(), ChainBatch::new());
    let unwritten = Unwritten { chains: &chains, events: &[] };
    let resolved = resolve_states(&room.rooms, store, room.room, states, unwritten).await.unwrap();
    let mut batch = Batch::new();
    let new = room.rooms.parts.numbers.state_num().await.unwrap();
    let snapshots = &room.rooms.snapshots;
    let state =
        snapshots.extend(store, &mut batch, room.room, new, resolved.base, &resolved.changes).await.unwrap();
    store.commit(batch).await.unwrap();
    state
}

#[tokio::test]
async fn an_event_that_is_not_written_yet_takes_part() {
    for version in versions() {
        let (mut room, mut left) = TestRoom::new(version).await;
        let mut right = left.clone();
        room.puts(&mut left, "alice", "m.room.topic", "", json!({"topic": "written"})).await;
        right.time += 90_000;
        let pdu = room.builds(&right, &user("bob"), "org.example.new", "", &json!({"n": 1}));
        let (mut batch, mut chains) = (Batch::new(), ChainBatch::new());
        let first = room.writes(&mut batch, &mut chains, &mut right, &pdu).await;
        let later = room.builds(&right, &user("bob"), "m.room.topic", "", &json!({"topic": "unwritten"}));
        let second = room.writes(&mut batch, &mut chains, &mut right, &later).await;
        let events = [(first, Judged::accepted(pdu.clone())), (second, Judged::accepted(later))];
        let unwritten = Unwritten { chains: &chains, events: &events };
        let (store, states) = (room.rooms.store(), [left.state, right.state]);
        let resolved = resolve_states(&room.rooms, store, room.room, &states, unwritten).await.unwrap();
        let resolved = room.spells_out(&resolved).await;
        assert_eq!(resolved, room.resolves_by_definition(&[&left, &right]), "{version:?}");
        assert_eq!(resolved[&("org.example.new".to_owned(), String::new())], pdu.event_id());
    }
}

#[tokio::test]
async fn a_crowd_costs_a_fork_nothing() {
    let version = model::room_version(&model::DEFAULT_ROOM_VERSION).unwrap();
    let (mut room, mut left) = TestRoom::new(version).await;
    for number in 0..600 {
        let name = format!("guest{number}");
        room.member(&mut left, &name, &name, "join").await;
    }
    let mut right = left.clone();
    room.puts(&mut left, "alice", "m.room.topic", "", json!({"topic": "one"})).await;
    room.puts(&mut right, "bob", "m.room.topic", "", json!({"topic": "two"})).await;
    let (store, chains) = (room.rooms.store(), ChainBatch::new());
    let unwritten = Unwritten { chains: &chains, events: &[] };
    let resolved =
        resolve_states(&room.rooms, store, room.room, &[left.state, right.state], unwritten).await.unwrap();
    assert!(resolved.changes.len() <= 1);
    let read = room.rooms.snapshots.ancestry.entry_count();
    assert!(read < 40, "the ancestry of {read} events was read");
}

#[tokio::test]
async fn too_many_states_are_refused() {
    let version = model::room_version(&model::DEFAULT_ROOM_VERSION).unwrap();
    let (room, _) = TestRoom::new(version).await;
    let states: Vec<StateNum> = (1..=STATES_MAX as u64 + 1).map(StateNum::new).collect();
    let chains = ChainBatch::new();
    let unwritten = Unwritten { chains: &chains, events: &[] };
    let refused = resolve_states(&room.rooms, room.rooms.store(), room.room, &states, unwritten).await;
    assert!(matches!(refused, Err(RoomsError::Resolution(_))));
}

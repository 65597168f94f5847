//! The rules against a second reading of the specification: `graph` grows random rooms by the rules of this crate,
//! `auth` and `resolve` are the oracle, which knows nothing of them.
//!
//! A failure names the version and the seed that make it again.

mod acts;
mod auth;
pub(crate) mod definition;
mod dice;
mod event;
mod graph;
mod resets;
mod resolve;

use std::collections::BTreeMap;

use model::{Pdu, ROOM_VERSIONS, RoomVersion};
use serde_json::Value;

use self::event::{Event, Room, State};
use self::graph::Graph;
use crate::resolution::StateMap;

/// Rooms of each version.
const SEEDS: u64 = 12;

/// Most states of which every order is tried.
const ALL_ORDERED_MAX: usize = 4;

/// What is tried in each room.
const ATTEMPTS: usize = 50;

/// Every order of so many things; of more than [`ALL_ORDERED_MAX`] those that turn them, forwards and backwards.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count > ALL_ORDERED_MAX {
        let turned = |by| (0..count).map(move |place| (place + by) % count);
        return (0..count).flat_map(|by| [turned(by).collect(), turned(by).rev().collect()]).collect();
    }
    let mut orders = vec![Vec::new()];
    for next in 0..count {
        let with_next = |order: Vec<usize>| {
            (0..=order.len()).map(move |place| {
                let mut order = order.clone();
                order.insert(place, next);
                order
            })
        };
        orders = orders.into_iter().flat_map(with_next).collect();
    }
    orders
}

fn stable_versions() -> impl Iterator<Item = &'static RoomVersion> {
    ROOM_VERSIONS.iter().filter(|version| version.is_stable())
}

fn as_event(pdu: &Pdu) -> Event {
    let json: Value = serde_json::from_slice(pdu.json()).unwrap();
    Event { id: pdu.event_id().to_string(), json }
}

fn as_room<'a>(version: u32, events: impl IntoIterator<Item = &'a Pdu>) -> Room {
    let events = events.into_iter().map(|pdu| (pdu.event_id().to_string(), as_event(pdu)));
    Room { version, events: events.collect::<BTreeMap<_, _>>() }
}

fn as_state(state: &StateMap) -> State {
    state.iter().map(|((kind, key), id)| ((kind.to_string(), key.clone()), id.to_string())).collect()
}

#[test]
fn the_rooms_are_of_every_version_and_orders_are_all_there_are() {
    let numbers: Vec<_> = stable_versions().map(|version| version.id().as_str()).collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]);
    let mut four = orders(4);
    four.sort();
    four.dedup();
    assert_eq!((orders(1).len(), orders(3).len(), four.len()), (1, 6, 24));
}

#[test]
fn t07_every_verdict_is_the_one_of_the_oracle() {
    for version in stable_versions() {
        for seed in 0..SEEDS {
            let graph = Graph::grow(version, seed, ATTEMPTS);
            let room = as_room(graph.number(), graph.events.values());
            for attempt in &graph.attempts {
                let event = as_event(&attempt.pdu);
                let case = format!("version {}, seed {seed}: {}", version.id(), event.json);
                let named: Vec<&Event> = event.auth_events().into_iter().map(|id| room.event(id)).collect();
                let names_well = auth::names_its_authority(room.version, &event, &named);
                assert_eq!(attempt.names_well, names_well.is_ok(), "authority, {names_well:?}, {case}");
                let among_named = |kind: &str, key: &str| {
                    let mut known = named.iter().copied().chain([room.create()]);
                    known.find(|found| found.is(kind, key))
                };
                let by_named = auth::allows(room.version, &event, &among_named);
                assert_eq!(attempt.by_named, by_named.is_ok(), "by the named, {by_named:?}, {case}");
                let state = as_state(&attempt.state);
                let in_state = |kind: &str, key: &str| {
                    state.get(&(kind.to_owned(), key.to_owned())).map(|id| room.event(id))
                };
                let by_state = auth::allows(room.version, &event, &in_state);
                assert_eq!(attempt.by_state, by_state.is_ok(), "by the state, {by_state:?}, {case}");
            }
        }
    }
}

#[test]
fn t07_every_resolution_is_the_one_of_the_oracle_in_every_order() {
    for version in stable_versions() {
        for seed in 0..SEEDS {
            let graph = Graph::grow(version, seed, ATTEMPTS);
            let room = as_room(graph.number(), graph.events.values());
            for resolved in &graph.resolved {
                let states: Vec<State> = resolved.states.iter().map(as_state).collect();
                let expected = resolve::resolve(&room, &states);
                let case = format!("version {}, seed {seed}: {states:?}", version.id());
                assert_eq!(as_state(&resolved.state), expected, "{case}");
                for order in orders(resolved.states.len()) {
                    let states: Vec<_> = order.iter().map(|&place| resolved.states[place].clone()).collect();
                    assert_eq!(graph.resolve(&states), resolved.state, "in the order {order:?}, {case}");
                }
            }
        }
    }
}

/// The rooms are worth comparing: much is refused and much is allowed, states differ, and some resolutions undo
/// something.
#[test]
fn random_rooms_hold_what_there_is_to_compare() {
    for version in stable_versions() {
        let (mut allowed, mut refused, mut disputed) = (0, 0, 0);
        for seed in 0..SEEDS {
            let graph = Graph::grow(version, seed, ATTEMPTS);
            allowed += graph.events.len();
            refused += graph.attempts.iter().filter(|attempt| !attempt.by_state).count();
            let differ = |resolved: &&graph::Resolved| {
                let keys = crate::resolution::conflicted(&resolved.states);
                keys.keys()
                    .any(|key| resolved.states.iter().any(|state| state.get(key) != resolved.state.get(key)))
            };
            disputed += graph.resolved.iter().filter(differ).count();
        }
        let case = version.id();
        assert!(allowed > 200 && refused > 100 && disputed > 40, "{case}: {allowed} {refused} {disputed}");
    }
}

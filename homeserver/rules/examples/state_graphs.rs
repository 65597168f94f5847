//! Prints random rooms with what this crate makes of them, one JSON object a line, for other implementations to be
//! asked the same: `complement-tests/differential`.
//!
//! `state_graphs FIRST_SEED SEEDS` prints so many rooms of every stable room version.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a tool for tests, whose output is the product"
)]

#[path = "../src/differential/acts.rs"]
mod acts;
#[path = "../src/differential/definition.rs"]
mod definition;
#[path = "../src/differential/dice.rs"]
mod dice;
#[path = "../src/differential/graph.rs"]
mod graph;

use graph::{Attempt, Graph};
use model::{Pdu, ROOM_VERSIONS};
use rules::resolution::StateMap;
use serde_json::{Value, json};

/// What is tried in each room.
const ATTEMPTS: usize = 60;

/// The most rooms of one version that one call prints.
const SEEDS_MAX: u64 = 100_000;

fn main() {
    let mut words = std::env::args().skip(1);
    let mut number = |otherwise: u64| words.next().map_or(otherwise, |word| word.parse().unwrap());
    let (first, seeds) = (number(0), number(20).min(SEEDS_MAX));
    for seed in first..first + seeds {
        for version in ROOM_VERSIONS.iter().filter(|version| version.is_stable()) {
            let graph = Graph::grow(version, seed, ATTEMPTS);
            let room = json!({
                "version": version.id(),
                "seed": seed,
                "events": graph.events.values().map(event).collect::<Vec<_>>(),
                "attempts": graph.attempts.iter().map(attempt).collect::<Vec<_>>(),
                "resolved": graph.resolved.iter().map(|resolved| json!({
                    "states": resolved.states.iter().map(ids).collect::<Vec<_>>(),
                    "state": ids(&resolved.state),
                })).collect::<Vec<_>>(),
            });
            println!("{room}");
        }
    }
}

fn event(pdu: &Pdu) -> Value {
    json!({ "id": pdu.event_id(), "pdu": serde_json::from_slice::<Value>(pdu.json()).unwrap() })
}

fn attempt(attempt: &Attempt) -> Value {
    json!({
        "event": event(&attempt.pdu),
        "state": ids(&attempt.state),
        "names_well": attempt.names_well,
        "by_named": attempt.by_named,
        "by_state": attempt.by_state,
    })
}

fn ids(state: &StateMap) -> Vec<String> {
    let mut ids: Vec<String> = state.values().map(ToString::to_string).collect();
    ids.sort();
    ids
}

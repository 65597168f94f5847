//! This crate's resolution with everything that it asks for worked out by definition: whole states, whole chains.

use std::collections::{BTreeMap, BTreeSet};

use model::{Pdu, RoomVersion};
use rules::auth::Judged;
use rules::resolution::{self, Budget, Conflict, ResolveError, StateMap};
use ruma::OwnedEventId;

/// The events of a room.
pub(crate) type Events = BTreeMap<OwnedEventId, Pdu>;

/// Resolves states of a room that holds these events.
pub(crate) fn resolve(
    version: &RoomVersion,
    events: &Events,
    states: &[StateMap],
    budget: Budget,
) -> Result<StateMap, ResolveError> {
    let chains: Vec<_> = states.iter().map(|state| with_ancestors(events, state.values())).collect();
    let all: BTreeSet<OwnedEventId> = chains.iter().flatten().cloned().collect();
    let auth_difference =
        all.into_iter().filter(|id| !chains.iter().all(|chain| chain.contains(id))).collect();
    let conflicted: BTreeSet<OwnedEventId> = resolution::conflicted(states).into_values().flatten().collect();
    // On a path means behind one conflicted event and in front of another.
    let behind = with_ancestors(events, &conflicted);
    let on_a_path = |id: &OwnedEventId| !with_ancestors(events, [id]).is_disjoint(&conflicted);
    let subgraph = behind.into_iter().filter(on_a_path).collect();
    let fetch = |id: &ruma::EventId| events.get(id).cloned().map(Judged::accepted);
    resolution::resolve(version, states, &Conflict { auth_difference, subgraph, fetch: &fetch }, budget)
}

/// The events with everything behind them.
fn with_ancestors<'a>(
    events: &Events,
    ids: impl IntoIterator<Item = &'a OwnedEventId>,
) -> BTreeSet<OwnedEventId> {
    let mut found = BTreeSet::new();
    let mut open: Vec<OwnedEventId> = ids.into_iter().cloned().collect();
    while let Some(id) = open.pop() {
        if found.insert(id.clone()) {
            open.extend(events[&id].auth_events().iter().cloned());
        }
    }
    found
}

//! State resolution: one state out of several that disagree, the same on every server that holds the same
//! events. Version 1 is ours (`v1`), versions 2 and 2.1 are ruma's; one door leads to all three. In rooms with owned
//! state `owned` stands between the door and ruma.
//!
//! The caller passes only what is in conflict plus the agreed state that the conflict can touch (see
//! [`relevant`]), so that the cost follows the conflict and not the size of the room.

use std::{
    cell::Cell,
    collections::{BTreeSet, HashMap},
};

use model::RoomVersion;
use ruma::{
    EventId, OwnedEventId,
    events::StateEventType,
    room_version_rules::{StateResolutionV2Rules, StateResolutionVersion},
    state_res::{self, utils::event_id_set::EventIdSet},
};

use crate::{
    auth::{self, Judged, Seen},
    limits::{RESOLUTION_EVENTS_MAX, RESOLUTION_STEPS_MAX},
};

mod owned;
mod v1;

/// A state: event type and state key to event.
pub type StateMap = state_res::StateMap<OwnedEventId>;

/// Why states could not be resolved.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// More work than one resolution may cost.
    #[error("state resolution exceeds its budget of {0}")]
    TooExpensive(&'static str),
    /// An event that the algorithm needs is not at hand.
    #[error("resolve state: {0}")]
    Failed(#[from] state_res::Error),
}

/// What one resolution may cost.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Times it may look at an event.
    pub steps_max: usize,
    /// Events in the full conflicted set.
    pub events_max: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps_max: RESOLUTION_STEPS_MAX, events_max: RESOLUTION_EVENTS_MAX }
    }
}

/// What the algorithms need beside the states themselves.
pub struct Conflict<'a> {
    /// Events in some but not all of the full auth chains of the states.
    pub auth_difference: BTreeSet<OwnedEventId>,
    /// Events on auth paths between two conflicted events; asked only by version 2.1.
    pub subgraph: BTreeSet<OwnedEventId>,
    /// Answers for every event that is named anywhere in the above, in the states, and in their `auth_events`.
    pub fetch: &'a dyn Fn(&EventId) -> Option<Judged>,
}

/// Resolves states of one room. The order of `states` does not matter.
///
/// # Errors
/// See [`ResolveError`]; then no state is better than a wrong one.
pub fn resolve(
    version: &RoomVersion,
    states: &[StateMap],
    conflict: &Conflict<'_>,
    budget: Budget,
) -> Result<StateMap, ResolveError> {
    let events = conflict.auth_difference.len() + conflict.subgraph.len() + conflicted(states).len();
    if events > budget.events_max {
        return Err(ResolveError::TooExpensive("events"));
    }
    let steps = Cell::new(0_usize);
    // Beyond the budget every event is "missing", which ends each loop of the algorithms at once.
    let fetch = |id: &EventId| {
        steps.set(steps.get() + 1);
        if steps.get() > budget.steps_max { None } else { (conflict.fetch)(id) }
    };
    let resolved = match &version.rules().state_res {
        StateResolutionVersion::V2(rules) if version.has_owned_state() => {
            owned::resolve(version, states, fetch, |states, show| {
                by_ruma(version, rules, states, conflict, show)
            })
        }
        StateResolutionVersion::V2(rules) => {
            by_ruma(version, rules, states, conflict, |id| fetch(id).map(Seen::as_it_is))
        }
        _ => Ok(v1::resolve(version, states, fetch)),
    };
    if steps.get() > budget.steps_max {
        return Err(ResolveError::TooExpensive("steps"));
    }
    resolved
}

/// Versions 2 and 2.1.
fn by_ruma(
    version: &RoomVersion,
    rules: &StateResolutionV2Rules,
    states: &[StateMap],
    conflict: &Conflict<'_>,
    fetch: impl Fn(&EventId) -> Option<Seen>,
) -> Result<StateMap, ResolveError> {
    let resolved = state_res::resolve(
        version.authorization(),
        rules,
        states.iter(),
        chains_with_difference(&conflict.auth_difference),
        |id: &EventId| Seen::assumed(id).or_else(|| fetch(id)),
        |_| Some(conflict.subgraph.iter().cloned().collect()),
    );
    Ok(resolved?)
}

/// The keys on which the states disagree, each with all its events. A key that some state lacks is in conflict
/// for version 2 and later; version 1 decides that for itself.
#[must_use]
pub fn conflicted(states: &[StateMap]) -> HashMap<(StateEventType, String), BTreeSet<OwnedEventId>> {
    let mut found: HashMap<&(StateEventType, String), (usize, BTreeSet<OwnedEventId>)> = HashMap::new();
    for (key, event) in states.iter().flatten() {
        let entry = found.entry(key).or_default();
        entry.0 += 1;
        entry.1.insert(event.clone());
    }
    found
        .into_iter()
        .filter(|(_, (count, events))| *count < states.len() || events.len() > 1)
        .map(|(key, (_, events))| (key.clone(), events))
        .collect()
}

/// The state keys that checking these events may look at. Agreed state outside of them cannot influence the
/// result and need not be loaded.
#[must_use]
pub fn relevant<'a>(
    version: &RoomVersion,
    events: impl IntoIterator<Item = &'a Judged>,
) -> BTreeSet<(StateEventType, String)> {
    let mut keys = BTreeSet::from([(StateEventType::RoomCreate, String::new())]);
    for event in events {
        let selected = auth::auth_types_for_event(
            version,
            event.kind(),
            event.pdu().sender(),
            event.pdu().state_key(),
            event.pdu().content(),
        );
        keys.extend(selected.into_iter().flatten());
    }
    keys
}

/// Two "chains" whose difference is exactly the given set: ruma subtracts what all chains share.
fn chains_with_difference(difference: &BTreeSet<OwnedEventId>) -> Vec<EventIdSet<OwnedEventId>> {
    vec![difference.iter().cloned().collect(), EventIdSet::new()]
}

#[cfg(test)]
#[path = "resolution/tests.rs"]
mod tests;

//! Owned state (MSC3757) in the resolution of version 2, which is ruma's and knows the older rule: a state key that
//! begins with `@` is its sender's own id.
//!
//! Whether a sender may speak for the owner of a key rests on the power levels alone, and those are settled before
//! any such key is looked at. So the states are resolved once for the power levels; then once more with the keys
//! under names that the older rule has no opinion on, except those of events that the power levels forbid, which
//! keep the name that has the older rule refuse them.

use model::{Pdu, RoomVersion};
use ruma::{EventId, events::StateEventType};

use super::{ResolveError, StateMap, conflicted};
use crate::{
    auth::{Judged, Seen},
    owned_state,
};

/// Put before a key to hide its `@`; keys that begin with it get a second one, so that no two keys meet.
const COVER: char = '\0';

/// Resolves by `plain`, the algorithm without owned state, which is given states and says how events look.
pub(super) fn resolve(
    version: &RoomVersion,
    states: &[StateMap],
    fetch: impl Fn(&EventId) -> Option<Judged>,
    plain: impl Fn(&[StateMap], &dyn Fn(&EventId) -> Option<Seen>) -> Result<StateMap, ResolveError>,
) -> Result<StateMap, ResolveError> {
    let settled = plain(states, &|id| fetch(id).map(Seen::as_it_is))?;
    if !conflicted(states).keys().any(|(kind, key)| is_coverable(kind, key) && key.starts_with('@')) {
        return Ok(settled);
    }
    let renamed: Vec<StateMap> = states
        .iter()
        .map(|state| state.iter().map(|((kind, key), id)| (covered(kind, key), id.clone())).collect())
        .collect();
    let show = |id: &EventId| {
        let event = fetch(id)?;
        let Some(key) = event.pdu().state_key() else { return Some(Seen::as_it_is(event)) };
        let kind = StateEventType::from(event.kind());
        let refused = key.starts_with('@') && !is_allowed(version, &event, &settled, &fetch);
        if refused || !is_coverable(&kind, key) {
            return Some(Seen::as_it_is(event));
        }
        let shown = covered(&kind, key).1;
        Some(Seen::with_state_key(event, shown))
    };
    Ok(plain(&renamed, &show)?.into_iter().map(|((kind, key), id)| (uncovered(kind, key), id)).collect())
}

/// Whether the settled power levels let the sender set the key.
fn is_allowed(
    version: &RoomVersion,
    event: &Judged,
    settled: &StateMap,
    fetch: impl Fn(&EventId) -> Option<Judged>,
) -> bool {
    owned_state::is_allowed(version, event.pdu(), &|kind: &str, key: &str| -> Option<Pdu> {
        if let Some(id) = settled.get(&(StateEventType::from(kind), key.to_owned())) {
            return fetch(id).filter(|found| !found.is_rejected()).map(|found| found.pdu().clone());
        }
        let mut named = event.pdu().auth_events().iter().filter_map(|id| fetch(id));
        let found = named.find(|found| !found.is_rejected() && found.pdu().is_state_of(kind, key))?;
        Some(found.pdu().clone())
    })
}

fn is_coverable(kind: &StateEventType, key: &str) -> bool {
    *kind != StateEventType::RoomMember && key.starts_with(['@', COVER])
}

fn covered(kind: &StateEventType, key: &str) -> (StateEventType, String) {
    let shown = if is_coverable(kind, key) { format!("{COVER}{key}") } else { key.to_owned() };
    (kind.clone(), shown)
}

fn uncovered(kind: StateEventType, key: String) -> (StateEventType, String) {
    if kind == StateEventType::RoomMember {
        return (kind, key);
    }
    match key.strip_prefix(COVER) {
        Some(real) => (kind, real.to_owned()),
        None => (kind, key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covering_a_key_can_be_undone_and_lets_no_two_meet() {
        let tag = StateEventType::from("org.example.tag");
        for key in ["", "x", "@a:b", "\0@a:b", "\0\0", "@"] {
            let (kind, shown) = covered(&tag, key);
            assert!(!shown.starts_with('@'), "{key:?}");
            assert_eq!(uncovered(kind, shown), (tag.clone(), key.to_owned()));
        }
        let member = (StateEventType::RoomMember, "@a:b".to_owned());
        assert_eq!(covered(&member.0, &member.1), member);
    }
}

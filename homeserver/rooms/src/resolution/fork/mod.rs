//! One state out of the states behind several parents.
//!
//! Cheap cases first: one parent, or parents that share a snapshot. Otherwise the snapshots are compared layer
//! by layer from where they part, and only the disputed entries, the auth difference and the agreed state that
//! judging them can touch are loaded and resolved.

mod conflict;
mod judging;
mod loading;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use model::{EventNum, RoomNum, RoomVersion, StateKeyNum, StateNum};
use rules::auth::Judged;
use rules::resolution::StateMap;
use ruma::events::StateEventType;
use store::Reader;

use self::conflict::Collected;
use self::loading::Loaded;
use super::chains::ChainBatch;
use super::limits::{RESOLVED_CACHE_ENTRIES, STATES_MAX};
use crate::cache::Cache;
use crate::{Rooms, RoomsError};

/// A state as changes on a snapshot; without changes it is that snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateBefore {
    /// The snapshot; none when there are no parents.
    pub base: Option<StateNum>,
    /// What resolution changed; `None` takes an entry away.
    pub changes: Vec<(StateKeyNum, Option<EventNum>)>,
}

/// Events of the batch under construction, which no read can find yet.
#[derive(Clone, Copy)]
pub struct Unwritten<'a> {
    /// Their places in the auth graph.
    pub chains: &'a ChainBatch,
    /// The events themselves.
    pub events: &'a [(EventNum, Judged)],
}

/// Finished resolutions by the snapshots they resolved. Snapshots never change, so neither do these.
pub(super) struct ResolvedCache(Cache<Vec<StateNum>, StateBefore>);

impl ResolvedCache {
    pub fn new() -> Self {
        Self(Cache::new(RESOLVED_CACHE_ENTRIES))
    }
}

/// The state before an event with these parents; with the forward extremities, the current state of the room.
/// A rejected parent counts with the state before it. `given` are states behind parents that are not known.
pub async fn state_before(
    rooms: &Rooms,
    reader: &Reader,
    room: RoomNum,
    prevs: &[EventNum],
    given: &[StateNum],
) -> Result<StateBefore, RoomsError> {
    let mut states = given.to_vec();
    for prev in prevs {
        let meta = rooms.meta(reader, *prev).await?;
        states.push(if meta.rejected { meta.state_before } else { meta.state_after });
    }
    let chains = ChainBatch::new();
    resolve_states(rooms, reader, room, &states, Unwritten { chains: &chains, events: &[] }).await
}

/// Resolves snapshots of one room into one state. The order of `states` does not matter.
pub async fn resolve_states(
    rooms: &Rooms,
    reader: &Reader,
    room: RoomNum,
    states: &[StateNum],
    unwritten: Unwritten<'_>,
) -> Result<StateBefore, RoomsError> {
    let states: Vec<StateNum> = states.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    match states.as_slice() {
        [] => return Ok(StateBefore::default()),
        [only] => return Ok(StateBefore { base: Some(*only), changes: Vec::new() }),
        _ if states.len() > STATES_MAX => {
            return Err(RoomsError::Resolution("too many states to resolve".to_owned()));
        }
        _ => {}
    }
    if let Some(resolved) = rooms.snapshots.resolved.0.get(&states) {
        return Ok(resolved);
    }
    let version = rooms.room_version(reader, room).await?;
    let fork = Fork { rooms, reader, version, states: &states, unwritten };
    let resolved = fork.resolve().await?;
    if unwritten.events.is_empty() {
        rooms.snapshots.resolved.0.insert(states, resolved.clone());
    }
    Ok(resolved)
}

struct Fork<'a> {
    rooms: &'a Rooms,
    reader: &'a Reader,
    version: &'static RoomVersion,
    states: &'a [StateNum],
    unwritten: Unwritten<'a>,
}

/// Disputed keys with the event that each state has for it, in the order of the states.
type Disputed = BTreeMap<StateKeyNum, Vec<Option<EventNum>>>;

/// A key as the rules know it.
type Key = (StateEventType, String);

impl Fork<'_> {
    async fn resolve(&self) -> Result<StateBefore, RoomsError> {
        let disputed = self.disputed().await?;
        let base = self.states.first().copied();
        if disputed.is_empty() {
            return Ok(StateBefore { base, changes: Vec::new() });
        }
        let started = tokio::time::Instant::now();
        let mut loaded = Loaded::default();
        let conflicted: BTreeSet<EventNum> = disputed.values().flatten().flatten().copied().collect();
        let conflict = self.conflict(&disputed, &conflicted, &mut loaded).await?;
        let (maps, key_nums) = self.state_maps(&disputed, &conflict, &mut loaded).await?;
        let resolved = self.run(maps, &conflict, &mut loaded).await?;
        metrics::histogram!("lianqiao_state_resolution_seconds").record(started.elapsed().as_secs_f64());
        metrics::histogram!("lianqiao_state_resolution_events").record(conflict.full.len() as f64);
        let changes = self.changes(&disputed, &conflict, resolved, &key_nums, &loaded).await?;
        Ok(StateBefore { base, changes })
    }

    /// The entries on which the states disagree.
    async fn disputed(&self) -> Result<Disputed, RoomsError> {
        let snapshots = &self.rooms.snapshots;
        let keys = snapshots.keys_apart(self.reader, self.states).await?;
        let mut disputed = Disputed::new();
        for key in keys {
            let mut events = Vec::with_capacity(self.states.len());
            for state in self.states {
                events.push(snapshots.entry(self.reader, *state, key).await?);
            }
            let distinct: HashSet<_> = events.iter().collect();
            if distinct.len() > 1 {
                disputed.insert(key, events);
            }
        }
        Ok(disputed)
    }

    /// The resolved state as changes on the first one.
    async fn changes(
        &self,
        disputed: &Disputed,
        conflict: &Collected,
        resolved: StateMap,
        key_nums: &HashMap<Key, StateKeyNum>,
        loaded: &Loaded,
    ) -> Result<Vec<(StateKeyNum, Option<EventNum>)>, RoomsError> {
        let mut outcome: BTreeMap<StateKeyNum, Option<EventNum>> =
            disputed.keys().map(|key| (*key, None)).collect();
        for (key, event_id) in resolved {
            let event = loaded.nums.get(&event_id).copied();
            let event = event.ok_or_else(|| RoomsError::Resolution(format!("{event_id} was not loaded")))?;
            if let Some(num) = key_nums.get(&key) {
                outcome.insert(*num, Some(event));
            } else if conflict.full.contains(&event)
                && let Some(num) = self.rooms.state_key_num(self.reader, &key.0.to_string(), &key.1).await?
            {
                // An event of the auth difference for a key that no state has.
                outcome.insert(num, Some(event));
            }
        }
        let mut changes = Vec::new();
        let Some(base) = self.states.first() else { return Ok(changes) };
        for (key, event) in outcome {
            if self.rooms.snapshots.entry(self.reader, *base, key).await? != event {
                changes.push((key, event));
            }
        }
        Ok(changes)
    }
}

fn key_of(event: &Judged) -> Key {
    (StateEventType::from(event.kind()), event.pdu().state_key().unwrap_or_default().to_owned())
}

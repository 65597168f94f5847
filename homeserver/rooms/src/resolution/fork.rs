//! One state out of the states behind several parents.
//!
//! Cheap cases first: one parent, or parents that share a snapshot. Otherwise the snapshots are compared layer
//! by layer from where they part, and only the disputed entries, the auth difference and the agreed state that
//! judging them can touch are loaded and resolved.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use model::{EventNum, RoomNum, RoomVersion, StateKeyNum, StateNum};
use moka::sync::Cache;
use rules::auth::Judged;
use rules::resolution::{self, Budget, Conflict, StateMap};
use ruma::events::StateEventType;
use ruma::room_version_rules::StateResolutionVersion;
use ruma::{EventId, OwnedEventId};
use store::Reader;

use super::chains::ChainBatch;
use super::difference::Graph;
use super::limits::{
    EVENTS_INLINE_MAX, EVENTS_LOADED_MAX, LOAD_ROUNDS_MAX, RESOLVED_CACHE_ENTRIES, STATES_MAX,
};
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
/// A rejected parent counts with the state before it.
pub async fn state_before(
    rooms: &Rooms,
    reader: &Reader,
    room: RoomNum,
    prevs: &[EventNum],
) -> Result<StateBefore, RoomsError> {
    let mut states = Vec::with_capacity(prevs.len());
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

/// Events at hand for the rules, which cannot wait for storage.
#[derive(Default)]
struct Loaded {
    by_num: HashMap<EventNum, Judged>,
    nums: HashMap<OwnedEventId, EventNum>,
    absent: HashSet<OwnedEventId>,
}

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

    /// The entries on which the states disagree. Layers that all states share are not looked at.
    async fn disputed(&self) -> Result<Disputed, RoomsError> {
        let snapshots = &self.rooms.snapshots;
        let mut stacks = Vec::with_capacity(self.states.len());
        for state in self.states {
            stacks.push(snapshots.stack(self.reader, *state).await?);
        }
        let shared: Option<HashSet<StateNum>> = stacks
            .iter()
            .map(|stack| stack.iter().map(|layer| layer.0).collect::<HashSet<_>>())
            .reduce(|one, other| one.intersection(&other).copied().collect());
        let shared = shared.unwrap_or_default();
        let mut keys: BTreeSet<StateKeyNum> = BTreeSet::new();
        for stack in &stacks {
            // Below a shared layer everything is shared.
            for (_, layer) in stack.iter().take_while(|(state, _)| !shared.contains(state)) {
                keys.extend(layer.changes.iter().map(|change| change.0));
            }
        }
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

    fn is_v1(&self) -> bool {
        self.version.rules().state_res == StateResolutionVersion::V1
    }

    /// Collects and loads the full conflicted set with the events that judge it.
    async fn conflict(
        &self,
        disputed: &Disputed,
        conflicted: &BTreeSet<EventNum>,
        loaded: &mut Loaded,
    ) -> Result<Collected, RoomsError> {
        let graph =
            Graph { snapshots: &self.rooms.snapshots, reader: self.reader, unwritten: self.unwritten.chains };
        let mut collected = Collected { full: conflicted.clone(), ..Collected::default() };
        if !self.is_v1() {
            let by_state: Vec<Vec<EventNum>> = (0..self.states.len())
                .map(|index| {
                    disputed.values().filter_map(|events| events.get(index).copied().flatten()).collect()
                })
                .collect();
            let mut difference = graph.unshared(&by_state).await?;
            self.load(difference.iter().copied(), loaded).await?;
            self.drop_agreed(graph, &mut difference, conflicted, loaded).await?;
            collected.difference = difference;
            if self
                .version
                .rules()
                .state_res
                .v2_rules()
                .is_some_and(|v2| v2.consider_conflicted_state_subgraph)
            {
                collected.subgraph = graph.subgraph(conflicted).await?;
            }
            collected.full.extend(collected.difference.iter().copied());
            collected.full.extend(collected.subgraph.iter().copied());
        }
        self.load(collected.full.iter().copied(), loaded).await?;
        let judges: Vec<OwnedEventId> =
            loaded.by_num.values().flat_map(|event| event.pdu().auth_events().to_vec()).collect();
        self.load_ids(judges, loaded).await?;
        self.load_power_history(loaded).await?;
        Ok(collected)
    }

    /// Takes events out of the difference that are agreed state or stand behind it, and so behind all states. The
    /// agreed event of the same key settles nearly every case; else the whole state is asked.
    async fn drop_agreed(
        &self,
        graph: Graph<'_>,
        difference: &mut BTreeSet<EventNum>,
        conflicted: &BTreeSet<EventNum>,
        loaded: &Loaded,
    ) -> Result<(), RoomsError> {
        let Some(state) = self.states.first() else { return Ok(()) };
        let mut doubtful = Vec::new();
        for event in difference.clone() {
            let Some(pdu) = loaded.by_num.get(&event).filter(|_| !conflicted.contains(&event)) else {
                continue;
            };
            let state_key = pdu.pdu().state_key().unwrap_or_default();
            let key = self.rooms.state_key_num(self.reader, pdu.kind(), state_key).await?;
            let standing = match key {
                Some(key) => self.rooms.snapshots.entry(self.reader, *state, key).await?,
                None => None,
            };
            match standing.filter(|standing| !conflicted.contains(standing)) {
                Some(standing) if graph.stands_on(standing, event).await? => drop(difference.remove(&event)),
                _ => doubtful.push(event),
            }
        }
        if !doubtful.is_empty() {
            let shared = graph.behind_agreed_state(&doubtful, *state, conflicted).await?;
            difference.retain(|event| !shared.contains(event));
        }
        Ok(())
    }

    /// The mainline follows power level events back to the first one.
    async fn load_power_history(&self, loaded: &mut Loaded) -> Result<(), RoomsError> {
        let mut seen: HashSet<EventNum> = HashSet::new();
        loop {
            let fresh: Vec<EventNum> = loaded
                .by_num
                .iter()
                .filter(|(num, event)| {
                    event.pdu().is_state_of("m.room.power_levels", "") && !seen.contains(num)
                })
                .map(|(num, _)| *num)
                .collect();
            if fresh.is_empty() {
                return Ok(());
            }
            let parents = fresh
                .iter()
                .filter_map(|num| loaded.by_num.get(num))
                .flat_map(|e| e.pdu().auth_events().to_vec());
            let parents: Vec<OwnedEventId> = parents.collect();
            seen.extend(fresh);
            self.load_ids(parents, loaded).await?;
        }
    }

    /// The states as the rules take them: the disputed entries, and the agreed ones that judging may look at.
    async fn state_maps(
        &self,
        disputed: &Disputed,
        conflict: &Collected,
        loaded: &mut Loaded,
    ) -> Result<(Vec<StateMap>, HashMap<Key, StateKeyNum>), RoomsError> {
        let mut key_nums: HashMap<Key, StateKeyNum> = HashMap::new();
        let mut maps = vec![StateMap::new(); self.states.len()];
        for (key_num, events) in disputed {
            for (map, event) in maps.iter_mut().zip(events) {
                let Some(event) = event.and_then(|event| loaded.by_num.get(&event)) else { continue };
                let key = key_of(event);
                key_nums.insert(key.clone(), *key_num);
                map.insert(key, event.pdu().event_id().to_owned());
            }
        }
        let full: Vec<Judged> =
            conflict.full.iter().filter_map(|event| loaded.by_num.get(event).cloned()).collect();
        let mut wanted = resolution::relevant(self.version, &full);
        wanted.extend(full.iter().map(key_of));
        for key in wanted {
            if key_nums.contains_key(&key) {
                continue;
            }
            let found = self.rooms.state_key_num(self.reader, &key.0.to_string(), &key.1).await?;
            let (Some(num), Some(state)) = (found, self.states.first()) else { continue };
            if let Some(event) = self.rooms.snapshots.entry(self.reader, *state, num).await? {
                self.load([event], loaded).await?;
                let Some(event) = loaded.by_num.get(&event) else { continue };
                for map in &mut maps {
                    map.insert(key.clone(), event.pdu().event_id().to_owned());
                }
            }
            key_nums.insert(key, num);
        }
        Ok((maps, key_nums))
    }

    /// Runs the rules; what they ask for and was not foreseen is loaded, and they run again.
    async fn run(
        &self,
        maps: Vec<StateMap>,
        conflict: &Collected,
        loaded: &mut Loaded,
    ) -> Result<StateMap, RoomsError> {
        let maps = Arc::new(maps);
        for _ in 0..LOAD_ROUNDS_MAX {
            let ids = |events: &BTreeSet<EventNum>| -> BTreeSet<OwnedEventId> {
                events
                    .iter()
                    .filter_map(|e| loaded.by_num.get(e))
                    .map(|e| e.pdu().event_id().to_owned())
                    .collect()
            };
            let (difference, subgraph) = (ids(&conflict.difference), ids(&conflict.subgraph));
            let events: HashMap<OwnedEventId, Judged> = loaded
                .by_num
                .values()
                .map(|event| (event.pdu().event_id().to_owned(), event.clone()))
                .collect();
            let (version, maps) = (self.version, Arc::clone(&maps));
            let work = move || {
                let missing = RefCell::new(Vec::new());
                let fetch = |id: &EventId| {
                    let found = events.get(id).cloned();
                    if found.is_none() {
                        missing.borrow_mut().push(id.to_owned());
                    }
                    found
                };
                let conflict = Conflict { auth_difference: difference, subgraph, fetch: &fetch };
                let resolved = resolution::resolve(version, &maps, &conflict, Budget::default());
                (resolved, missing.into_inner())
            };
            let (resolved, mut missing) = if conflict.full.len() > EVENTS_INLINE_MAX {
                let task = tokio::task::spawn_blocking(work).await;
                task.map_err(|error| RoomsError::Resolution(error.to_string()))?
            } else {
                work()
            };
            missing.retain(|id| !loaded.absent.contains(id));
            if missing.is_empty() {
                return resolved.map_err(|error| RoomsError::Resolution(error.to_string()));
            }
            self.load_ids(missing, loaded).await?;
        }
        Err(RoomsError::Resolution("the conflict reaches too far back".to_owned()))
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

    async fn load(
        &self,
        events: impl IntoIterator<Item = EventNum>,
        loaded: &mut Loaded,
    ) -> Result<(), RoomsError> {
        for num in events {
            if loaded.by_num.contains_key(&num) {
                continue;
            }
            if loaded.by_num.len() >= EVENTS_LOADED_MAX {
                return Err(RoomsError::Resolution("the conflict needs too many events".to_owned()));
            }
            let event = match self.unwritten.events.iter().find(|(unwritten, _)| *unwritten == num) {
                Some((_, event)) => event.clone(),
                None => {
                    let meta = self.rooms.meta(self.reader, num).await?;
                    Judged::new(self.rooms.pdu(self.reader, num).await?, meta.rejected)
                }
            };
            loaded.nums.insert(event.pdu().event_id().to_owned(), num);
            loaded.by_num.insert(num, event);
        }
        Ok(())
    }

    async fn load_ids(&self, ids: Vec<OwnedEventId>, loaded: &mut Loaded) -> Result<(), RoomsError> {
        for id in ids {
            if loaded.nums.contains_key(&id) || loaded.absent.contains(&id) {
                continue;
            }
            let unwritten = self.unwritten.events.iter().find(|(_, event)| *event.pdu().event_id() == id);
            let num = match unwritten {
                Some((num, _)) => Some(*num),
                None => self.rooms.event_num(self.reader, &id).await?,
            };
            match num {
                Some(num) => self.load([num], loaded).await?,
                None => drop(loaded.absent.insert(id)),
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct Collected {
    difference: BTreeSet<EventNum>,
    subgraph: BTreeSet<EventNum>,
    /// Both, and the conflicted events themselves.
    full: BTreeSet<EventNum>,
}

fn key_of(event: &Judged) -> Key {
    (StateEventType::from(event.kind()), event.pdu().state_key().unwrap_or_default().to_owned())
}

//! Snapshots by number: reading one entry or all of them, and making new ones.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use model::{EventNum, RoomNum, StateKeyNum, StateNum};
use parking_lot::Mutex;
use store::{Batch, Reader};

use super::chains::AncestryCache;
use super::fork::ResolvedCache;
use super::layer::{Change, Layer, StateDigest, merge};
use super::limits::{FRESH_LAYERS_MAX, LAYER_GROWTH, LAYER_USUAL_BYTES, LAYERS_MAX, STATE_USUAL_BYTES};
use super::tables::{STATE_DIGEST, STATE_LAYER};
use crate::RoomsError;
use crate::cache::Cache;

type Entries = Arc<[(StateKeyNum, EventNum)]>;

/// The snapshots of all rooms, with what is kept of them in memory. Numbers are never used twice, so a cached
/// snapshot is never stale.
pub struct Snapshots {
    layers: Cache<StateNum, Arc<Layer>>,
    states: Cache<StateNum, Entries>,
    fresh: Mutex<Fresh>,
    pub(super) ancestry: AncestryCache,
    pub(super) resolved: ResolvedCache,
}

/// Layers of batches that may not be durable yet: the next event of the same batch builds on them.
#[derive(Default)]
struct Fresh {
    layers: HashMap<StateNum, Arc<Layer>>,
    order: VecDeque<StateNum>,
}

impl Snapshots {
    /// Snapshots that keep at most so many bytes in memory, half as layers and half as whole states.
    #[must_use]
    pub fn new(cache_bytes: u64) -> Self {
        Self {
            layers: Cache::by_bytes(cache_bytes / 2, LAYER_USUAL_BYTES, |layer: &Arc<Layer>| layer.bytes()),
            states: Cache::by_bytes(cache_bytes / 2, STATE_USUAL_BYTES, |entries: &Entries| {
                entries.len() * 16 + 64
            }),
            fresh: Mutex::default(),
            ancestry: AncestryCache::new(),
            resolved: ResolvedCache::new(),
        }
    }

    /// The whole state, sorted by key. State 0 is empty.
    pub async fn entries(&self, reader: &Reader, state: StateNum) -> Result<Entries, RoomsError> {
        if state.get() == 0 {
            return Ok(Arc::from([]));
        }
        if let Some(entries) = self.states.get(&state) {
            return Ok(entries);
        }
        let stack = self.stack(reader, state).await?;
        let mut changes: Vec<Change> = Vec::new();
        for layer in stack.iter().rev() {
            changes = merge(&changes, &layer.1.changes, true);
        }
        let entries: Entries =
            changes.into_iter().filter_map(|(key, event)| event.map(|event| (key, event))).collect();
        self.states.insert(state, Arc::clone(&entries));
        Ok(entries)
    }

    /// One entry of a state. Walks the layers; never loads the whole state.
    pub async fn entry(
        &self,
        reader: &Reader,
        state: StateNum,
        key: StateKeyNum,
    ) -> Result<Option<EventNum>, RoomsError> {
        if let Some(entries) = self.states.get(&state) {
            let found = entries.binary_search_by_key(&key, |entry| entry.0).ok();
            return Ok(found.and_then(|at| entries.get(at)).map(|entry| entry.1));
        }
        let mut next = Some(state).filter(|state| state.get() != 0);
        while let Some(state) = next {
            let layer = self.layer(reader, state).await?;
            if let Some(event) = layer.find(key) {
                return Ok(event);
            }
            next = layer.parent;
        }
        Ok(None)
    }

    /// A snapshot that is `parent` (or nothing) with these changes; `None` takes an entry away. Returns `new`, or
    /// the number of an equal snapshot that the room has already: use what is returned. The snapshot can be
    /// read and extended at once, before the batch is durable.
    pub async fn extend(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        room: RoomNum,
        new: StateNum,
        parent: Option<StateNum>,
        changes: &[(StateKeyNum, Option<EventNum>)],
    ) -> Result<StateNum, RoomsError> {
        let parent = parent.filter(|parent| parent.get() != 0);
        let (mut digest, mut total) = match parent {
            Some(parent) => {
                let layer = self.layer(reader, parent).await?;
                (layer.digest, layer.total)
            }
            None => (StateDigest::default(), 0),
        };
        let mut effective: Vec<Change> = Vec::with_capacity(changes.len());
        for (key, event) in last_of_each_key(changes) {
            let old = match parent {
                Some(parent) => self.entry(reader, parent, key).await?,
                None => None,
            };
            if old == event {
                continue;
            }
            if let Some(old) = old {
                digest.remove(room, key, old);
                total -= 1;
            }
            if let Some(event) = event {
                digest.add(room, key, event);
                total += 1;
            }
            effective.push((key, event));
        }
        if let (true, Some(parent)) = (effective.is_empty(), parent) {
            return Ok(parent);
        }
        let same = reader.get(&STATE_DIGEST, &(room, digest.to_bytes())).await?;
        if let Some(same) = same
            && self.equals(reader, same, parent, &effective).await?
        {
            return Ok(same);
        }
        let layer = self.stacked(reader, parent, effective, digest, total).await?;
        batch.put(&STATE_LAYER, &new, &layer);
        batch.put(&STATE_DIGEST, &(room, digest.to_bytes()), &new);
        self.remember(new, layer);
        Ok(new)
    }

    /// Puts changes on top of the parent, merged downwards while the layer below is not much larger. The
    /// sizes of a stack then grow geometrically downwards, which bounds both its depth and what is rewritten.
    async fn stacked(
        &self,
        reader: &Reader,
        mut parent: Option<StateNum>,
        mut changes: Vec<Change>,
        digest: StateDigest,
        total: u64,
    ) -> Result<Layer, RoomsError> {
        let mut depth = 1;
        while let Some(below) = parent {
            let layer = self.layer(reader, below).await?;
            let is_small = layer.changes.len() <= changes.len().saturating_mul(LAYER_GROWTH);
            if !is_small && layer.depth < LAYERS_MAX {
                depth = layer.depth + 1;
                break;
            }
            changes = merge(&layer.changes, &changes, layer.parent.is_none());
            parent = layer.parent;
        }
        if parent.is_none() {
            changes.retain(|change| change.1.is_some());
        }
        Ok(Layer { parent, depth, total, digest, changes: changes.into() })
    }

    /// A digest is a hint; only equal entries make an equal state.
    async fn equals(
        &self,
        reader: &Reader,
        state: StateNum,
        parent: Option<StateNum>,
        changes: &[Change],
    ) -> Result<bool, RoomsError> {
        let entries = self.entries(reader, state).await?;
        let before = self.entries(reader, parent.unwrap_or(StateNum::new(0))).await?;
        let before: Vec<Change> = before.iter().map(|(key, event)| (*key, Some(*event))).collect();
        let after = merge(&before, changes, true);
        Ok(after.len() == entries.len()
            && after
                .iter()
                .zip(entries.iter())
                .all(|(one, other)| (one.0, one.1) == (other.0, Some(other.1))))
    }

    /// The layers of a state, uppermost first, each with its number.
    pub(super) async fn stack(
        &self,
        reader: &Reader,
        state: StateNum,
    ) -> Result<Vec<(StateNum, Arc<Layer>)>, RoomsError> {
        let mut stack = Vec::new();
        let mut next = Some(state).filter(|state| state.get() != 0);
        while let Some(state) = next {
            if stack.len() > LAYERS_MAX {
                return Err(RoomsError::Corrupt(format!("state {} has too many layers", state.get())));
            }
            let layer = self.layer(reader, state).await?;
            next = layer.parent;
            stack.push((state, layer));
        }
        Ok(stack)
    }

    async fn layer(&self, reader: &Reader, state: StateNum) -> Result<Arc<Layer>, RoomsError> {
        if let Some(layer) = self.layers.get(&state) {
            return Ok(layer);
        }
        if let Some(layer) = self.fresh.lock().layers.get(&state) {
            return Ok(Arc::clone(layer));
        }
        let layer = reader.get(&STATE_LAYER, &state).await?;
        let layer =
            Arc::new(layer.ok_or_else(|| RoomsError::Corrupt(format!("state {} is missing", state.get())))?);
        self.layers.insert(state, Arc::clone(&layer));
        Ok(layer)
    }

    /// A batch that failed may be built again under the same number: the newest content counts.
    fn remember(&self, state: StateNum, layer: Layer) {
        self.layers.invalidate(&state);
        self.states.invalidate(&state);
        let mut fresh = self.fresh.lock();
        fresh.layers.insert(state, Arc::new(layer));
        fresh.order.push_back(state);
        while fresh.order.len() > FRESH_LAYERS_MAX {
            if let Some(oldest) = fresh.order.pop_front() {
                fresh.layers.remove(&oldest);
            }
        }
    }
}

impl std::fmt::Debug for Snapshots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshots").field("layers", &self.layers.len()).finish_non_exhaustive()
    }
}

fn last_of_each_key(changes: &[Change]) -> Vec<Change> {
    let mut sorted = changes.to_vec();
    // Stable, so that of equal keys the last one given comes last.
    sorted.sort_by_key(|change| change.0);
    let mut unique: Vec<Change> = Vec::with_capacity(sorted.len());
    for change in sorted {
        match unique.last_mut() {
            Some(last) if last.0 == change.0 => *last = change,
            _ => unique.push(change),
        }
    }
    unique
}

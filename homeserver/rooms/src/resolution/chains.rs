//! The chain cover of the auth graph.
//!
//! Each state event has a chain and a place in it; every earlier place of the chain is an ancestor. With each
//! event lies its reach: for every chain among its ancestors the greatest place. So whether one event is an
//! ancestor of another is one look-up, and the events that several sets do not share are ranges of chains.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::{EventNum, RoomNum};
use store::{Batch, Reader};

use super::limits::{ANCESTRY_CACHE_ENTRIES, REACH_CHAINS_MAX};
use super::tables::{ANCESTRY, Ancestry, CHAIN};
use crate::RoomsError;
use crate::cache::Cache;

/// Numbers the state events of one append batch; remembers what is not in the store yet.
#[derive(Debug, Default)]
pub struct ChainBatch {
    assigned: HashMap<EventNum, Arc<Ancestry>>,
    places: HashMap<(u64, u64), EventNum>,
}

impl ChainBatch {
    /// Nothing assigned yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a state event its chain and place, in the batch that stores the event. Every event in `auth` must
    /// have got its place before, in an earlier batch or in this one; a cover with holes would make resolution
    /// wrong, so an unknown one is an error. An event that has a place keeps it; one that stands on more than
    /// [`REACH_CHAINS_MAX`] chains gets none.
    pub async fn assign(
        &mut self,
        reader: &Reader,
        batch: &mut Batch,
        _room: RoomNum,
        event: EventNum,
        auth: &[EventNum],
    ) -> Result<(u64, u64), RoomsError> {
        if let Some(known) = self.find(reader, event).await? {
            return Ok((known.chain, known.sequence));
        }
        let mut reach: BTreeMap<u64, u64> = BTreeMap::new();
        let mut ends = Vec::with_capacity(auth.len());
        for parent in auth {
            let parent = self.find(reader, *parent).await?.ok_or_else(|| {
                RoomsError::Corrupt(format!("event {} has no place in the auth graph", parent.get()))
            })?;
            extend_reach(&mut reach, &parent.reach);
            if reach.len() > REACH_CHAINS_MAX {
                return Err(RoomsError::Resolution(format!(
                    "event {} stands on more than {REACH_CHAINS_MAX} chains",
                    event.get()
                )));
            }
            ends.push((parent.chain, parent.sequence));
        }
        let (chain, sequence) = self.free_end(reader, &ends).await?.unwrap_or((event.get(), 1));
        reach.insert(chain, sequence);
        let row = Ancestry { chain, sequence, auth: auth.to_vec(), reach: reach.into_iter().collect() };
        batch.expect_absent(&CHAIN, &(chain, sequence));
        batch.put(&CHAIN, &(chain, sequence), &event);
        batch.put(&ANCESTRY, &event, &row);
        self.places.insert((chain, sequence), event);
        self.assigned.insert(event, Arc::new(row));
        Ok((chain, sequence))
    }

    /// The first parent's chain that nobody has continued from that parent.
    async fn free_end(&self, reader: &Reader, ends: &[(u64, u64)]) -> Result<Option<(u64, u64)>, RoomsError> {
        for (chain, sequence) in ends {
            let next = (*chain, sequence + 1);
            if !self.places.contains_key(&next) && !reader.exists(&CHAIN, &next).await? {
                return Ok(Some(next));
            }
        }
        Ok(None)
    }

    async fn find(&self, reader: &Reader, event: EventNum) -> Result<Option<Arc<Ancestry>>, RoomsError> {
        if let Some(row) = self.assigned.get(&event) {
            return Ok(Some(Arc::clone(row)));
        }
        Ok(reader.get(&ANCESTRY, &event).await?.map(Arc::new))
    }

    pub(super) fn assigned(&self, event: EventNum) -> Option<Arc<Ancestry>> {
        self.assigned.get(&event).cloned()
    }

    pub(super) fn event_at(&self, chain: u64, sequence: u64) -> Option<EventNum> {
        self.places.get(&(chain, sequence)).copied()
    }
}

/// Raises each chain to the greater place.
pub(super) fn extend_reach(reach: &mut BTreeMap<u64, u64>, more: &[(u64, u64)]) {
    for (chain, sequence) in more {
        let place = reach.entry(*chain).or_default();
        *place = (*place).max(*sequence);
    }
}

/// Ancestry rows in memory. A row never changes once it is stored.
pub(super) struct AncestryCache(Cache<EventNum, Arc<Ancestry>>);

impl AncestryCache {
    pub fn new() -> Self {
        Self(Cache::new(ANCESTRY_CACHE_ENTRIES))
    }

    /// Rows in memory.
    #[cfg(test)]
    pub fn entry_count(&self) -> usize {
        self.0.len()
    }

    /// The rows of these events; an error when one is missing.
    pub async fn load(
        &self,
        reader: &Reader,
        unwritten: &ChainBatch,
        events: &[EventNum],
    ) -> Result<Vec<Arc<Ancestry>>, RoomsError> {
        let mut rows: Vec<Option<Arc<Ancestry>>> =
            events.iter().map(|event| unwritten.assigned(*event).or_else(|| self.0.get(event))).collect();
        let missing: Vec<(usize, EventNum)> = rows
            .iter()
            .zip(events)
            .enumerate()
            .filter_map(|(index, (row, event))| row.is_none().then_some((index, *event)))
            .collect();
        for page in missing.chunks(super::limits::PAGE_ROWS) {
            let keys: Vec<EventNum> = page.iter().map(|(_, event)| *event).collect();
            let found = reader.multi_get(&ANCESTRY, &keys).await?;
            for ((index, event), row) in page.iter().zip(found) {
                let Some(row) = row.map(Arc::new) else { continue };
                self.0.insert(*event, Arc::clone(&row));
                if let Some(slot) = rows.get_mut(*index) {
                    *slot = Some(row);
                }
            }
        }
        let complete: Option<Vec<_>> = rows.into_iter().collect();
        complete.ok_or_else(|| RoomsError::Corrupt("a state event has no place in the auth graph".to_owned()))
    }
}

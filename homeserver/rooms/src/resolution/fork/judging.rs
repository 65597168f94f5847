//! Handing the states to the rules, which cannot wait for storage, and coming back with what they missed.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use model::{EventNum, StateKeyNum};
use rules::auth::Judged;
use rules::resolution::{self, Budget, Conflict, StateMap};
use ruma::{EventId, OwnedEventId};

use super::super::limits::{EVENTS_INLINE_MAX, LOAD_ROUNDS_MAX};
use super::{Collected, Disputed, Fork, Key, Loaded, key_of};
use crate::RoomsError;

impl Fork<'_> {
    /// The states as the rules take them: the disputed entries, and the agreed ones that judging may look at.
    pub(super) async fn state_maps(
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
    pub(super) async fn run(
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
}

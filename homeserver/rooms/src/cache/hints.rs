//! When something changed last. A hint may be unknown and is never too low.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::future::Future;
use std::hash::{BuildHasher, Hash, RandomState};

use model::StreamPos;
use parking_lot::Mutex;

use super::SHARDS;
use crate::limits::HINT_ENTRIES_MAX;

/// The latest position at which something about a key changed. A part that is full is emptied: what was in it is then
/// loaded anew, and a load that began before is not kept.
pub(crate) struct Hints<K> {
    shards: Vec<Mutex<HintShard<K>>>,
    hasher: RandomState,
}

struct HintShard<K> {
    positions: HashMap<K, StreamPos>,
    generation: u64,
}

impl<K: Hash + Eq + Clone> Hints<K> {
    /// No hints yet.
    pub fn new() -> Self {
        let shard = || Mutex::new(HintShard { positions: HashMap::new(), generation: 0 });
        Self { shards: (0..SHARDS).map(|_| shard()).collect(), hasher: RandomState::new() }
    }

    fn shard<Q: Hash + ?Sized>(&self, key: &Q) -> Option<&Mutex<HintShard<K>>> {
        let index = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        self.shards.get(index)
    }

    /// The hint, if one is known.
    #[cfg(test)]
    pub fn get(&self, key: &K) -> Option<StreamPos> {
        self.shard(key)?.lock().positions.get(key).copied()
    }

    /// The hint, loaded from the live store on first use.
    pub async fn get_or_load<Q, E, F>(&self, key: &Q, load: F) -> Result<StreamPos, E>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        F: Future<Output = Result<StreamPos, E>>,
    {
        let Some(shard) = self.shard(key) else { return load.await };
        let before = {
            let shard = shard.lock();
            if let Some(position) = shard.positions.get(key) {
                return Ok(*position);
            }
            shard.generation
        };
        let loaded = load.await?;
        let mut shard = shard.lock();
        Ok(if shard.generation == before { shard.raise(key, loaded) } else { loaded })
    }

    /// Moves the hint forward; a commit that is seen late never moves it back.
    pub fn raise<Q>(&self, key: &Q, position: StreamPos) -> StreamPos
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.shard(key).map_or(position, |shard| shard.lock().raise(key, position))
    }
}

impl<K: Hash + Eq + Clone> HintShard<K> {
    fn raise<Q>(&mut self, key: &Q, position: StreamPos) -> StreamPos
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(hint) = self.positions.get_mut(key) {
            *hint = position.max(*hint);
            return *hint;
        }
        if self.positions.len() >= HINT_ENTRIES_MAX / SHARDS {
            self.positions.clear();
            self.generation = self.generation.wrapping_add(1);
        }
        self.positions.insert(key.to_owned(), position);
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hint_never_goes_back() {
        let hints: Hints<u8> = Hints::new();
        hints.raise(&1, StreamPos::new(9));
        let loaded: Result<StreamPos, ()> = hints.get_or_load(&1, async { Ok(StreamPos::new(3)) }).await;
        assert_eq!(loaded, Ok(StreamPos::new(9)));
        assert_eq!(hints.raise(&1, StreamPos::new(4)), StreamPos::new(9));
    }

    #[tokio::test]
    async fn a_load_that_began_before_hints_were_dropped_is_not_kept() {
        let hints: Hints<u64> = Hints::new();
        let loaded: Result<StreamPos, ()> = hints
            .get_or_load(&1, async {
                hints.raise(&1, StreamPos::new(9));
                (2..3 * HINT_ENTRIES_MAX as u64).for_each(|key| _ = hints.raise(&key, StreamPos::new(5)));
                Ok(StreamPos::new(3))
            })
            .await;
        assert_eq!(loaded, Ok(StreamPos::new(3)), "true when the load began");
        assert_eq!(hints.get(&1), None, "the next one asks the store");
        let kept: usize = hints.shards.iter().map(|shard| shard.lock().positions.len()).sum();
        assert!(kept <= HINT_ENTRIES_MAX);
    }
}

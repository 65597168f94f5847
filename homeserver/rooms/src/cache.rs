//! Memory that must never outlive the truth.
//!
//! [`LiveCache`] holds rows that change. It is emptied by the committer, after the write and before
//! anybody hears of it; a reader that loaded the old row meanwhile is kept from storing it by a
//! generation number. Loads must read the live store, never an older snapshot. [`Hints`] holds the
//! latest position at which something changed; a hint may be unknown and is never too low.

use std::collections::HashMap;
use std::future::Future;
use std::hash::{BuildHasher, Hash, RandomState};

use model::StreamPos;
use moka::sync::Cache;
use parking_lot::Mutex;

use crate::limits::HINT_ENTRIES_MAX;

/// Independent locks, so that rooms do not wait for each other.
const SHARDS: usize = 64;

/// A bounded cache of rows that change.
pub(crate) struct LiveCache<K, V> {
    cache: Cache<K, V>,
    generations: Vec<Mutex<u64>>,
    hasher: RandomState,
}

impl<K, V> LiveCache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// A cache of at most `entries_max` rows.
    pub fn new(entries_max: u64) -> Self {
        Self::of(Cache::new(entries_max))
    }

    /// A cache bounded by bytes, as `weigh` counts them.
    pub fn by_bytes(bytes_max: u64, weigh: impl Fn(&V) -> u32 + Send + Sync + 'static) -> Self {
        Self::of(Cache::builder().max_capacity(bytes_max).weigher(move |_, value| weigh(value)).build())
    }

    fn of(cache: Cache<K, V>) -> Self {
        let generations = (0..SHARDS).map(|_| Mutex::new(0)).collect();
        Self { cache, generations, hasher: RandomState::new() }
    }

    fn shard(&self, key: &K) -> Option<&Mutex<u64>> {
        let index = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        self.generations.get(index)
    }

    /// The row from memory, or as `load` reads it from the live store.
    pub async fn get_or_load<E, F>(&self, key: &K, load: F) -> Result<V, E>
    where
        F: Future<Output = Result<V, E>>,
    {
        if let Some(value) = self.cache.get(key) {
            return Ok(value);
        }
        let before = self.shard(key).map(|shard| *shard.lock());
        let value = load.await?;
        if let Some(shard) = self.shard(key) {
            let now = shard.lock();
            if before == Some(*now) {
                self.cache.insert(key.clone(), value.clone());
            }
        }
        Ok(value)
    }

    /// The row in the store has changed: forget it, and let no load under way bring it back.
    pub fn invalidate(&self, key: &K) {
        if let Some(shard) = self.shard(key) {
            let mut generation = shard.lock();
            *generation = generation.wrapping_add(1);
            self.cache.invalidate(key);
        }
    }

    /// The row in the store is now `value`.
    pub fn replace(&self, key: &K, value: V) {
        if let Some(shard) = self.shard(key) {
            let mut generation = shard.lock();
            *generation = generation.wrapping_add(1);
            self.cache.insert(key.clone(), value);
        }
    }

    /// Changes the row in memory, if it is there, to follow a change in the store.
    pub fn update(&self, key: &K, change: impl FnOnce(V) -> Option<V>) {
        if let Some(shard) = self.shard(key) {
            let mut generation = shard.lock();
            *generation = generation.wrapping_add(1);
            match self.cache.get(key).and_then(change) {
                Some(value) => self.cache.insert(key.clone(), value),
                None => self.cache.invalidate(key),
            }
        }
    }
}

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

    fn shard(&self, key: &K) -> Option<&Mutex<HintShard<K>>> {
        let index = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        self.shards.get(index)
    }

    /// The hint, if one is known.
    #[cfg(test)]
    pub fn get(&self, key: &K) -> Option<StreamPos> {
        self.shard(key)?.lock().positions.get(key).copied()
    }

    /// The hint, loaded from the live store on first use.
    pub async fn get_or_load<E, F>(&self, key: &K, load: F) -> Result<StreamPos, E>
    where
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
    pub fn raise(&self, key: &K, position: StreamPos) -> StreamPos {
        self.shard(key).map_or(position, |shard| shard.lock().raise(key, position))
    }
}

impl<K: Hash + Eq + Clone> HintShard<K> {
    fn raise(&mut self, key: &K, position: StreamPos) -> StreamPos {
        if let Some(hint) = self.positions.get_mut(key) {
            *hint = position.max(*hint);
            return *hint;
        }
        if self.positions.len() >= HINT_ENTRIES_MAX / SHARDS {
            self.positions.clear();
            self.generation = self.generation.wrapping_add(1);
        }
        self.positions.insert(key.clone(), position);
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_load_that_began_before_a_change_is_not_kept() {
        let cache: LiveCache<u8, u8> = LiveCache::new(10);
        let seen: Result<u8, ()> = cache
            .get_or_load(&1, async {
                cache.invalidate(&1);
                Ok(7)
            })
            .await;
        assert_eq!(seen, Ok(7));
        assert_eq!(cache.cache.get(&1), None);
    }

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
                (2..3 * HINT_ENTRIES_MAX as u64).for_each(|key| drop(hints.raise(&key, StreamPos::new(5))));
                Ok(StreamPos::new(3))
            })
            .await;
        assert_eq!(loaded, Ok(StreamPos::new(3)), "true when the load began");
        assert_eq!(hints.get(&1), None, "the next one asks the store");
        let kept: usize = hints.shards.iter().map(|shard| shard.lock().positions.len()).sum();
        assert!(kept <= HINT_ENTRIES_MAX);
    }
}

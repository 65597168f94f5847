//! Rows that change.
//!
//! A cache of them is emptied by the committer, after the write and before anybody hears of it; a reader that loaded the
//! old row meanwhile is kept from storing it by a generation number, and one that begins before readers see the commit by
//! the frontier. Loads must read the live store, never an older snapshot.

use std::future::Future;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

use model::StreamPos;
use parking_lot::Mutex;
use quick_cache::Equivalent;
use store::Store;

use super::{Cache, SHARDS};

/// Where the readers of the store stand.
#[derive(Clone)]
pub(crate) struct Frontier(Arc<dyn Fn() -> StreamPos + Send + Sync>);

impl Frontier {
    /// The frontier of a store.
    pub fn of(store: &Store) -> Self {
        let store = store.clone();
        Self(Arc::new(move || store.frontier()))
    }
}

/// A bounded cache of rows that change.
pub(crate) struct LiveCache<K, V> {
    cache: Cache<K, V>,
    generations: Vec<Mutex<Generation>>,
    hasher: RandomState,
    frontier: Option<Frontier>,
}

/// What a part of the rows went through.
#[derive(Default)]
struct Generation {
    /// Counts changes.
    number: u64,
    /// Where readers stood at the newest change: those that still stand there do not see it.
    before_change: Option<StreamPos>,
}

impl<K: Hash + Eq, V: Clone> LiveCache<K, V> {
    /// A cache of at most `entries_max` rows.
    pub fn new(entries_max: u64) -> Self {
        Self::of(Cache::new(entries_max))
    }

    /// A cache bounded by bytes, as `weigh` counts them; a usual row has about `bytes_usual`.
    pub fn by_bytes(bytes_max: u64, bytes_usual: u64, weigh: fn(&V) -> usize) -> Self {
        Self::of(Cache::by_bytes(bytes_max, bytes_usual, weigh))
    }

    fn of(cache: Cache<K, V>) -> Self {
        let generations = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { cache, generations, hasher: RandomState::new(), frontier: None }
    }

    /// The same for rows that hooks of commits change: they run a moment before readers see the commit.
    pub fn following(self, frontier: &Frontier) -> Self {
        Self { frontier: Some(frontier.clone()), ..self }
    }

    /// Where readers stand.
    fn seen(&self) -> Option<StreamPos> {
        self.frontier.as_ref().map(|Frontier(frontier)| frontier())
    }

    /// Notes a change in a shard, and follows it in memory.
    fn change(&self, shard: Option<&Mutex<Generation>>, follow: impl FnOnce(&Cache<K, V>)) {
        let before_change = self.seen();
        if let Some(shard) = shard {
            let mut generation = shard.lock();
            *generation = Generation { number: generation.number.wrapping_add(1), before_change };
            follow(&self.cache);
        }
    }

    fn shard<Q: Hash + ?Sized>(&self, key: &Q) -> Option<&Mutex<Generation>> {
        let index = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        self.generations.get(index)
    }

    /// Whether the row is in memory.
    pub fn contains<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> bool {
        self.cache.0.contains_key(key)
    }

    /// The row from memory, or as `load` reads it from the live store.
    pub async fn get_or_load<Q, E, F>(&self, key: &Q, load: F) -> Result<V, E>
    where
        Q: Hash + Equivalent<K> + ToOwned<Owned = K> + ?Sized,
        F: Future<Output = Result<V, E>>,
    {
        if let Some(value) = self.cache.get(key) {
            return Ok(value);
        }
        let before = self.begin_load(key);
        let value = load.await?;
        self.end_load(key, before, &value);
        Ok(value)
    }

    /// Before a load from the live store: what [`LiveCache::end_load`] wants to know. Nothing while readers do not see
    /// the newest change.
    pub fn begin_load<Q: Hash + ?Sized>(&self, key: &Q) -> Option<u64> {
        let seen = self.seen();
        let generation = self.shard(key)?.lock();
        (generation.before_change.is_none() || generation.before_change < seen).then_some(generation.number)
    }

    /// Keeps what was loaded, unless the row has changed since the load began.
    pub fn end_load<Q>(&self, key: &Q, before: Option<u64>, value: &V)
    where
        Q: Hash + ToOwned<Owned = K> + ?Sized,
    {
        if let (Some(shard), Some(before)) = (self.shard(key), before) {
            let now = shard.lock();
            if before == now.number {
                self.cache.insert(key.to_owned(), value.clone());
            }
        }
    }

    /// The row in the store has changed: forget it, and let no load under way bring it back.
    pub fn invalidate<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) {
        self.change(self.shard(key), |cache| cache.invalidate(key));
    }

    /// The row in the store is now `value`.
    pub fn replace(&self, key: K, value: V) {
        self.change(self.shard(&key), |cache| cache.insert(key, value));
    }

    /// Changes the row in memory, if it is there, to follow a change in the store.
    pub fn update(&self, key: K, change: impl FnOnce(V) -> Option<V>) {
        self.change(self.shard(&key), |cache| match cache.get(&key).and_then(change) {
            Some(value) => cache.insert(key, value),
            None => cache.invalidate(&key),
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

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

    /// The hook of a commit runs before readers see it, and a reader in between finds the old row.
    #[tokio::test]
    async fn a_load_that_cannot_see_the_change_is_not_kept() {
        let frontier = Arc::new(AtomicU64::new(4));
        let shown = Arc::clone(&frontier);
        let frontier_of_readers = Frontier(Arc::new(move || StreamPos::new(shown.load(Ordering::SeqCst))));
        let cache: LiveCache<u8, u8> = LiveCache::new(10).following(&frontier_of_readers);
        let load = async |value: u8| -> Result<u8, ()> { cache.get_or_load(&1, async { Ok(value) }).await };
        cache.invalidate(&1);
        assert_eq!(load(7).await, Ok(7), "what the store shows at this moment");
        frontier.store(5, Ordering::SeqCst);
        assert_eq!(load(8).await, Ok(8), "and not what it showed before");
        assert_eq!(load(9).await, Ok(8), "from memory");
    }
}

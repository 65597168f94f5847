//! Memory that must never outlive the truth.
//!
//! [`Cache`] holds what never changes, [`LiveCache`] rows that change, [`Hints`] the latest position at which something
//! changed.

mod hints;
mod live;

use std::hash::Hash;

use quick_cache::Equivalent;

pub(crate) use self::{
    hints::Hints,
    live::{Frontier, LiveCache},
};

/// Independent locks, so that rooms do not wait for each other.
const SHARDS: usize = 64;

/// How much of a cache's bound one value takes.
#[derive(Clone)]
enum Weigher<V> {
    One,
    Bytes(fn(&V) -> usize),
}

impl<K, V> quick_cache::Weighter<K, V> for Weigher<V> {
    fn weight(&self, _: &K, value: &V) -> u64 {
        match self {
            Self::One => 1,
            Self::Bytes(weigh) => weigh(value) as u64,
        }
    }
}

/// A bounded cache of values that never change. Reading one is a shared lock and a look-up, nothing is queued.
pub(crate) struct Cache<K, V>(quick_cache::sync::Cache<K, V, Weigher<V>>);

impl<K: Hash + Eq, V: Clone> Cache<K, V> {
    /// A cache of at most `entries_max` values.
    pub fn new(entries_max: u64) -> Self {
        let entries = usize::try_from(entries_max).unwrap_or(usize::MAX);
        Self(quick_cache::sync::Cache::with_weighter(entries, entries_max, Weigher::One))
    }

    /// A cache bounded by bytes, as `weigh` counts them; a usual value has about `bytes_usual`.
    pub fn by_bytes(bytes_max: u64, bytes_usual: u64, weigh: fn(&V) -> usize) -> Self {
        let entries = usize::try_from(bytes_max / bytes_usual.max(1)).unwrap_or(usize::MAX);
        Self(quick_cache::sync::Cache::with_weighter(entries, bytes_max, Weigher::Bytes(weigh)))
    }

    /// The value, if it is here.
    pub fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        self.0.get(key)
    }

    /// Keeps a value.
    pub fn insert(&self, key: K, value: V) {
        self.0.insert(key, value);
    }

    /// Forgets a value.
    pub fn invalidate<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) {
        self.0.remove(key);
    }

    /// The value, made on first use.
    pub fn get_with(&self, key: &K, make: impl FnOnce() -> V) -> V
    where
        K: Clone,
    {
        match self.0.get_or_insert_with(key, || Ok::<V, std::convert::Infallible>(make())) {
            Ok(value) => value,
        }
    }

    /// How many values are here.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

//! What is remembered while a process runs, within a bound.

use std::{
    borrow::Borrow,
    collections::{HashMap, VecDeque},
    hash::Hash,
};

/// A map that forgets what was put in first when it is full. Without values it is a set.
pub struct Bounded<K, V = ()> {
    most: usize,
    map: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Clone + Eq + Hash, V> Bounded<K, V> {
    /// An empty map that holds `most` at once.
    pub fn new(most: usize) -> Self {
        Self { most, map: HashMap::new(), order: VecDeque::new() }
    }

    /// Puts a value in the place of an older one, or behind all others.
    pub fn put(&mut self, key: K, value: V) {
        if self.map.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > self.most {
            if let Some(oldest) = self.order.pop_front() {
                self.map.remove(&oldest);
            }
        }
    }

    /// What is there.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.map.get(key)
    }

    /// Takes out what is there.
    pub fn take<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let value = self.map.remove(key)?;
        self.order.retain(|known| known.borrow() != key);
        Some(value)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.map.clear();
        self.order.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_map_forgets_what_is_oldest() {
        let mut map = Bounded::new(2);
        for key in ["a", "b", "a", "c"] {
            map.put(key, ());
        }
        assert!(!map.map.contains_key("a") && map.map.contains_key("b") && map.map.contains_key("c"));
        assert_eq!(map.order.len(), 2);
        assert_eq!((map.take("b"), map.take("b"), map.order.len()), (Some(()), None, 1));
        map.clear();
        assert!(map.get("c").is_none());
    }
}

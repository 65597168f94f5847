//! The timers: which delayed event is due next. Memory only, and always what the rows say.

use std::collections::{BTreeSet, HashMap};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// Due times in order. As many entries as there are scheduled events.
#[derive(Default)]
pub(super) struct Timers {
    heap: Mutex<Heap>,
    changed: Notify,
}

#[derive(Default)]
struct Heap {
    by_time: BTreeSet<(u64, String)>,
    by_id: HashMap<String, u64>,
}

impl Timers {
    /// Sets or moves a timer, and tells the worker when it became the first one.
    pub fn set(&self, id: &str, due_at_ms: u64) {
        let mut heap = self.heap.lock();
        if let Some(before) = heap.by_id.insert(id.to_owned(), due_at_ms) {
            heap.by_time.remove(&(before, id.to_owned()));
        }
        heap.by_time.insert((due_at_ms, id.to_owned()));
        let is_first = heap.by_time.first().is_some_and(|(_, first)| first == id);
        drop(heap);
        if is_first {
            self.changed.notify_one();
        }
    }

    /// Takes a timer away.
    pub fn remove(&self, id: &str) {
        let mut heap = self.heap.lock();
        if let Some(due_at_ms) = heap.by_id.remove(id) {
            heap.by_time.remove(&(due_at_ms, id.to_owned()));
        }
    }

    /// When the first one is due.
    pub fn next_due_at_ms(&self) -> Option<u64> {
        self.heap.lock().by_time.first().map(|(due_at_ms, _)| *due_at_ms)
    }

    /// Takes those away that are due, the earliest first. Whoever takes one sends it, or sets it again.
    pub fn take_due(&self, now_ms: u64, limit: usize) -> Vec<String> {
        let mut heap = self.heap.lock();
        let mut taken = Vec::new();
        while taken.len() < limit
            && let Some((due_at_ms, id)) = heap.by_time.pop_first()
        {
            if due_at_ms > now_ms {
                heap.by_time.insert((due_at_ms, id));
                break;
            }
            heap.by_id.remove(&id);
            taken.push(id);
        }
        taken
    }

    /// Returns when a timer became the first one since the last call.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_and_a_moved_one_counts_once() {
        let timers = Timers::default();
        timers.set("b", 20);
        timers.set("a", 10);
        timers.set("c", 30);
        assert_eq!(timers.next_due_at_ms(), Some(10));
        timers.set("a", 25);
        assert_eq!(timers.take_due(25, 9), ["b", "a"]);
        assert_eq!(timers.take_due(25, 9), [""; 0]);
        timers.set("a", 40);
        assert_eq!(timers.take_due(40, 1), ["c"]);
        assert_eq!(timers.take_due(40, 1), ["a"]);
        timers.set("d", 50);
        timers.remove("d");
        timers.remove("d");
        assert_eq!(timers.next_due_at_ms(), None);
    }
}

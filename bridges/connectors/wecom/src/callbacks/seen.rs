//! Which callbacks were taken, so that none is taken twice. Forgotten with the process: the core knows arrivals by their keys.

use std::collections::{HashSet, VecDeque};

use parking_lot::Mutex;

use crate::limits::SEEN_CALLBACKS_MAX;

/// Marks of callbacks, the latest ones.
#[derive(Default)]
pub struct Seen(Mutex<(HashSet<String>, VecDeque<String>)>);

impl Seen {
    /// Whether a callback was taken.
    pub fn contains(&self, mark: &str) -> bool {
        self.0.lock().0.contains(mark)
    }

    /// Remembers that a callback was taken.
    pub fn insert(&self, mark: String) {
        let mut held = self.0.lock();
        let (marks, order) = &mut *held;
        if marks.insert(mark.clone()) {
            order.push_back(mark);
        }
        while order.len() > SEEN_CALLBACKS_MAX {
            if let Some(oldest) = order.pop_front() {
                marks.remove(&oldest);
            }
        }
    }
}

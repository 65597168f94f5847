//! Whether anybody waits for a user at all, answered without a lock: of the members of a room nearly nobody does.

use std::sync::atomic::{AtomicU32, Ordering, fence};

use crate::limits::AWAITED_SLOTS;

/// How many readers wait, by a part of the hash of the user they wait for. Different users may share a slot, so a yes may be
/// wrong; a no never is.
#[derive(Debug)]
pub(crate) struct Awaited(Box<[AtomicU32]>);

impl Default for Awaited {
    fn default() -> Self {
        Self((0..AWAITED_SLOTS).map(|_| AtomicU32::new(0)).collect())
    }
}

impl Awaited {
    /// Somebody waits from now on. What is committed after this returned finds them, what was committed before they see: one
    /// of both happens because of the fence on each side.
    pub(crate) fn add(&self, hash: u64) {
        self.slot(hash).fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// Somebody waits no more.
    pub(crate) fn remove(&self, hash: u64) {
        self.slot(hash).fetch_sub(1, Ordering::Relaxed);
    }

    /// To be called once between a change and the questions about it.
    pub(crate) fn settle() {
        fence(Ordering::SeqCst);
    }

    /// Whether anybody may wait.
    pub(crate) fn may_wait(&self, hash: u64) -> bool {
        self.slot(hash).load(Ordering::Relaxed) > 0
    }

    fn slot(&self, hash: u64) -> &AtomicU32 {
        // The remainder is below the number of slots, which fits.
        &self.0[(hash % AWAITED_SLOTS as u64) as usize]
    }
}

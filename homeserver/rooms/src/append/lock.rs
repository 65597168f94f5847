//! One writer at a time for each room of this process, and the head it builds on.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use model::{EventNum, RoomNum, StateNum};
use parking_lot::Mutex;
use ruma::OwnedEventId;
use tokio::sync::OwnedMutexGuard;

use crate::cache::Cache;
use crate::tables::RoomHead;

/// The tip of a room as the next event needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tip {
    /// Forward extremities, oldest first.
    pub extremities: Vec<(EventNum, OwnedEventId)>,
    /// The current state.
    pub state: StateNum,
    /// The greatest depth among the extremities.
    pub depth: u64,
}

impl Tip {
    /// The row that a batch demands or leaves behind.
    pub fn to_head(&self) -> RoomHead {
        RoomHead {
            extremities: self.extremities.iter().map(|(event, _)| *event).collect(),
            state: self.state,
            depth: self.depth,
        }
    }
}

/// What the lock of a room guards.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    /// The head after every batch queued so far; none when it must be read from the store.
    tip: Option<Tip>,
    /// Counts the times the head was read anew, so that a late failure clears only its own.
    epoch: u64,
}

impl Writer {
    /// The head to build on, unless it must be loaded.
    pub fn tip(&self) -> Option<&Tip> {
        self.tip.as_ref()
    }

    /// The head was read from the store.
    pub fn load(&mut self, tip: Tip) {
        self.epoch = self.epoch.wrapping_add(1);
        self.tip = Some(tip);
    }

    /// A batch that leaves this head was queued. Returns what [`Writer::forget`] needs.
    pub fn advance(&mut self, tip: Tip) -> u64 {
        self.tip = Some(tip);
        self.epoch
    }

    /// A queued batch failed: the head has to be read again, if nobody did so since.
    pub fn forget(&mut self, epoch: u64) {
        if self.epoch == epoch {
            self.tip = None;
        }
    }
}

/// The locks of all rooms that somebody writes to now, and the heads of the recent ones.
pub(crate) struct RoomLocks {
    locks: Mutex<HashMap<RoomNum, Weak<tokio::sync::Mutex<Writer>>>>,
    /// Keeps the heads of busy rooms in memory between two events.
    recent: Cache<RoomNum, Arc<tokio::sync::Mutex<Writer>>>,
}

impl RoomLocks {
    /// No locks yet; remembers the heads of at most `rooms_max` rooms.
    pub fn new(rooms_max: u64) -> Self {
        Self { locks: Mutex::default(), recent: Cache::new(rooms_max) }
    }

    /// Waits for the lock of a room.
    pub async fn lock(&self, room: RoomNum) -> OwnedMutexGuard<Writer> {
        self.of(room).lock_owned().await
    }

    fn of(&self, room: RoomNum) -> Arc<tokio::sync::Mutex<Writer>> {
        if let Some(lock) = self.recent.get(&room) {
            return lock;
        }
        let mut locks = self.locks.lock();
        if let Some(lock) = locks.get(&room).and_then(Weak::upgrade) {
            self.recent.insert(room, Arc::clone(&lock));
            return lock;
        }
        // Dead entries are dropped when the map has doubled, so the cost is spread out.
        if locks.len().is_power_of_two() {
            locks.retain(|_, lock| lock.strong_count() > 0);
        }
        let lock = Arc::new(tokio::sync::Mutex::new(Writer::default()));
        locks.insert(room, Arc::downgrade(&lock));
        self.recent.insert(room, Arc::clone(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tip(depth: u64) -> Tip {
        Tip { extremities: Vec::new(), state: StateNum::new(1), depth }
    }

    #[test]
    fn a_late_failure_does_not_clear_a_head_that_was_read_since() {
        let mut writer = Writer::default();
        writer.load(tip(1));
        let first = writer.advance(tip(2));
        writer.forget(first);
        assert_eq!(writer.tip(), None);
        writer.load(tip(1));
        writer.forget(first);
        assert_eq!(writer.tip(), Some(&tip(1)));
    }

    #[tokio::test]
    async fn two_writers_of_one_room_share_the_lock() {
        let locks = RoomLocks::new(10);
        let held = locks.lock(RoomNum::new(1)).await;
        assert!(locks.of(RoomNum::new(1)).try_lock().is_err());
        assert!(locks.of(RoomNum::new(2)).try_lock().is_ok());
        drop(held);
        assert!(locks.of(RoomNum::new(1)).try_lock().is_ok());
    }
}

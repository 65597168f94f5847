//! One writer at a time for each room of this process.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use model::RoomNum;
use parking_lot::Mutex;
use store::Batch;
use tokio::sync::OwnedMutexGuard;

use super::tip::{Tip, Writer};
use crate::cache::Cache;
use crate::tables::HEAD;
use crate::{Rooms, RoomsError};

/// Locks of rooms that are held or waited for, one for each room.
struct InUse<T>(Mutex<HashMap<RoomNum, Weak<tokio::sync::Mutex<T>>>>);

impl<T> Default for InUse<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Default> InUse<T> {
    fn of(&self, room: RoomNum) -> Arc<tokio::sync::Mutex<T>> {
        let mut locks = self.0.lock();
        if let Some(lock) = locks.get(&room).and_then(Weak::upgrade) {
            return lock;
        }
        // Dead entries are dropped when the map has doubled, so the cost is spread out.
        if locks.len().is_power_of_two() {
            locks.retain(|_, lock| lock.strong_count() > 0);
        }
        let lock = Arc::default();
        locks.insert(room, Arc::downgrade(&lock));
        lock
    }
}

/// The locks of all rooms that somebody writes to now, and the heads of the recent ones.
pub(crate) struct RoomLocks {
    writers: InUse<Writer>,
    /// Keeps the heads of busy rooms in memory between two events.
    recent: Cache<RoomNum, Arc<tokio::sync::Mutex<Writer>>>,
    /// Whose turn it is in a room among those that nobody waits for: one of them at most stands before somebody who comes.
    turns: InUse<()>,
}

impl RoomLocks {
    /// No locks yet; remembers the heads of at most `rooms_max` rooms.
    pub fn new(rooms_max: u64) -> Self {
        Self { writers: InUse::default(), recent: Cache::new(rooms_max), turns: InUse::default() }
    }

    /// Waits for the lock of a room.
    pub async fn lock(&self, room: RoomNum) -> OwnedMutexGuard<Writer> {
        let _turn = if base::in_background() { Some(self.turns.of(room).lock_owned().await) } else { None };
        self.of(room).lock_owned().await
    }

    fn of(&self, room: RoomNum) -> Arc<tokio::sync::Mutex<Writer>> {
        if let Some(lock) = self.recent.get(&room) {
            return lock;
        }
        let lock = self.writers.of(room);
        self.recent.insert(room, Arc::clone(&lock));
        lock
    }
}

impl Rooms {
    /// Waits for a room's lock, and until the head of the room is durable: whoever looks at the ends of the graph
    /// themselves has to find them.
    ///
    /// # Errors
    /// The store's own.
    pub(crate) async fn lock_durable(&self, room: RoomNum) -> Result<OwnedMutexGuard<Writer>, RoomsError> {
        let mut writer = self.locks.lock(room).await;
        if writer.is_ahead() {
            // Batches keep their order: what was queued before this one is durable, or refused, when this one is.
            self.parts.store.commit(Batch::new()).await?;
            writer.arrived();
            let head = self.parts.store.get(&HEAD, &room).await?;
            if writer.tip().map(Tip::to_head) != head {
                *writer = Writer::default();
            }
        }
        Ok(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_writers_of_one_room_share_the_lock() {
        let locks = RoomLocks::new(10);
        let held = locks.lock(RoomNum::new(1)).await;
        assert!(locks.of(RoomNum::new(1)).try_lock().is_err());
        assert!(locks.of(RoomNum::new(2)).try_lock().is_ok());
        drop(held);
        assert!(locks.of(RoomNum::new(1)).try_lock().is_ok());
    }

    #[tokio::test]
    async fn of_those_whom_nobody_waits_for_one_stands_before_somebody_who_comes() {
        let (locks, room) = (Arc::new(RoomLocks::new(10)), RoomNum::new(1));
        let background = base::Background::start(1, 512 * 1024).unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let held = locks.lock(room).await;
        let write = |who: &'static str| {
            let (locks, order) = (Arc::clone(&locks), Arc::clone(&order));
            async move {
                let _writer = locks.lock(room).await;
                order.lock().push(who);
            }
        };
        let behind: Vec<_> = (0..8).map(|_| background.spawn(write("background"))).collect();
        while locks.turns.of(room).try_lock().is_ok() {
            tokio::task::yield_now().await;
        }
        let person = tokio::spawn(write("person"));
        tokio::task::yield_now().await;
        drop(held);
        person.await.unwrap();
        for task in behind {
            task.await.unwrap();
        }
        assert!(order.lock()[..2].contains(&"person"));
    }

    #[tokio::test]
    async fn those_whom_nobody_waits_for_wait_in_their_own_room_alone() {
        let locks = Arc::new(RoomLocks::new(10));
        let background = base::Background::start(1, 512 * 1024).unwrap();
        let write = |room: u64| {
            let locks = Arc::clone(&locks);
            background.spawn(async move { drop(locks.lock(RoomNum::new(room)).await) })
        };
        let held = locks.lock(RoomNum::new(1)).await;
        let waits = write(1);
        while locks.turns.of(RoomNum::new(1)).try_lock().is_ok() {
            tokio::task::yield_now().await;
        }
        for room in 2..=200 {
            write(room).await.unwrap();
        }
        assert!(!waits.is_finished());
        drop(held);
        waits.await.unwrap();
    }
}

//! One writer at a time for each room of this process, and the head it builds on.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use model::{EventNum, RoomNum, StateNum};
use parking_lot::Mutex;
use ruma::OwnedEventId;
use store::Batch;
use tokio::sync::OwnedMutexGuard;

use crate::cache::Cache;
use crate::limits::PREV_EVENTS_MAX;
use crate::tables::{HEAD, RoomHead};
use crate::{Rooms, RoomsError};

/// The tip of a room as the next event needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tip {
    /// Forward extremities, oldest first.
    pub extremities: Vec<(EventNum, OwnedEventId)>,
    /// The newest event of a local user that was an end. While it is one, our next event names it, so that others show
    /// what was said here in the order in which it was said.
    pub own: Option<EventNum>,
    /// The current state.
    pub state: StateNum,
    /// The greatest depth among the extremities.
    pub depth: u64,
}

impl Tip {
    /// Whether one event cannot refer to all ends.
    pub fn has_many_ends(&self) -> bool {
        self.extremities.len() > PREV_EVENTS_MAX
    }

    /// The ends that the next event refers to. If there are too many: our own and the newest.
    pub fn ends_to_name(&self) -> Vec<(EventNum, OwnedEventId)> {
        let too_many = self.extremities.len().saturating_sub(PREV_EVENTS_MAX);
        let (older, newest) = self.extremities.split_at(too_many);
        match older.iter().find(|(event, _)| Some(*event) == self.own) {
            Some(own) => std::iter::once(own).chain(newest.iter().skip(1)).cloned().collect(),
            None => newest.to_vec(),
        }
    }

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
    /// The head stands on events that are queued and not durable yet: no read finds them.
    is_ahead: bool,
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
        self.is_ahead = true;
        self.epoch
    }

    /// The newest batch that was queued is durable, and so are those before it.
    pub fn arrived(&mut self) {
        self.is_ahead = false;
    }

    /// A queued batch failed: the head has to be read again, if nobody did so since.
    pub fn forget(&mut self, epoch: u64) {
        if self.epoch == epoch {
            self.tip = None;
        }
    }
}

/// Locks of rooms that somebody holds or waits for now, one for each room.
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
        if writer.is_ahead {
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
    use ruma::EventId;

    use super::*;

    fn tip(depth: u64) -> Tip {
        Tip { extremities: Vec::new(), own: None, state: StateNum::new(1), depth }
    }

    fn ends(numbers: impl IntoIterator<Item = u64>) -> Vec<(EventNum, OwnedEventId)> {
        let end = |number| (EventNum::new(number), EventId::parse(format!("$e{number}")).unwrap());
        numbers.into_iter().map(end).collect()
    }

    #[test]
    fn of_too_many_ends_our_own_is_named_and_the_newest() {
        let many = PREV_EVENTS_MAX as u64 + 5;
        let named = |own: Option<u64>| {
            let own = own.map(EventNum::new);
            Tip { extremities: ends(1..=many), own, ..tip(1) }.ends_to_name()
        };
        assert_eq!(named(None), ends(6..=many));
        assert_eq!(named(Some(3)), ends(std::iter::once(3).chain(7..=many)));
        assert_eq!(named(Some(many)), ends(6..=many));
        assert_eq!(named(Some(1_000)), ends(6..=many), "it is no end any more");
        let few = Tip { extremities: ends(1..=3), own: Some(EventNum::new(1)), ..tip(1) };
        assert_eq!(few.ends_to_name(), ends(1..=3));
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

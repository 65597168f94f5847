//! Short numbers for rooms, events, states and state keys: reserved durably in blocks, given out from memory.

use std::sync::Arc;

use model::{EventNum, RoomNum, StateKeyNum, StateNum};
use parking_lot::Mutex;
use store::{Batch, Store, StoreError};

use crate::limits::{NUMBERS_BLOCK, RESERVATION_ATTEMPTS_MAX};
use crate::tables::NUMBERS;

/// Gives out short numbers from 1, each once, also over restarts and beside other writers of the same store. Gaps may
/// appear. Cloning shares the counters.
#[derive(Clone, Debug)]
pub struct Numbers(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    store: Store,
    room: Counter,
    event: Counter,
    state: Counter,
    state_key: Counter,
}

impl Numbers {
    /// Counters over a store; nothing is read until the first number is asked for.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self(Arc::new(Counters {
            store,
            room: Counter::new(1),
            event: Counter::new(2),
            state: Counter::new(3),
            state_key: Counter::new(4),
        }))
    }

    /// A number for a room.
    pub async fn room_num(&self) -> Result<RoomNum, StoreError> {
        self.0.room.next(&self.0.store).await.map(RoomNum::new)
    }

    /// A number for an event.
    pub async fn event_num(&self) -> Result<EventNum, StoreError> {
        self.0.event.next(&self.0.store).await.map(EventNum::new)
    }

    /// A number for a state snapshot.
    pub async fn state_num(&self) -> Result<StateNum, StoreError> {
        self.0.state.next(&self.0.store).await.map(StateNum::new)
    }

    /// A number for a pair of event type and state key.
    pub async fn state_key_num(&self) -> Result<StateKeyNum, StoreError> {
        self.0.state_key.next(&self.0.store).await.map(StateKeyNum::new)
    }
}

/// What is given out of one kind. Nobody waits for the lock of `reserved`; `turn` belongs to who reserves more.
#[derive(Debug)]
struct Counter {
    kind: u8,
    reserved: Mutex<Reserved>,
    turn: tokio::sync::Mutex<()>,
}

/// Numbers that are reserved and not given out: `next` up to, and without, `end`.
#[derive(Clone, Copy, Debug, Default)]
struct Block {
    next: u64,
    end: u64,
}

impl Block {
    const fn left(self) -> u64 {
        self.end - self.next
    }
}

/// The block that is given out, and the one after it as soon as it is reserved.
#[derive(Debug, Default)]
struct Reserved {
    block: Block,
    ahead: Option<Block>,
}

impl Reserved {
    fn next(&mut self) -> Option<u64> {
        if self.block.left() == 0 {
            self.block = self.ahead.take()?;
        }
        let number = self.block.next;
        self.block.next += 1;
        Some(number)
    }

    /// Whether the next block should be reserved, long before anybody would have to wait for it.
    const fn is_low(&self) -> bool {
        self.ahead.is_none() && self.block.left() < NUMBERS_BLOCK / 2
    }
}

impl Counter {
    fn new(kind: u8) -> Self {
        Self { kind, reserved: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    /// Whoever finds few left reserves more on the way, so that the others, for whom somebody may wait, do not wait for that.
    async fn next(&self, store: &Store) -> Result<u64, StoreError> {
        loop {
            let (number, is_low) = {
                let mut reserved = self.reserved.lock();
                (reserved.next(), reserved.is_low())
            };
            let Some(number) = number else {
                let _turn = self.turn.lock().await;
                self.reserve_ahead(store).await?;
                continue;
            };
            if is_low && let Ok(_turn) = self.turn.try_lock() {
                // Who needs the next block is told why there is none.
                drop(self.reserve_ahead(store).await);
            }
            return Ok(number);
        }
    }

    /// Reserves the next block, unless somebody else has done so meanwhile.
    async fn reserve_ahead(&self, store: &Store) -> Result<(), StoreError> {
        if self.reserved.lock().is_low() {
            let block = self.reserve(store).await?;
            self.reserved.lock().ahead = Some(block);
        }
        Ok(())
    }

    async fn reserve(&self, store: &Store) -> Result<Block, StoreError> {
        let mut attempts = 0;
        loop {
            let reserved = store.get(&NUMBERS, &self.kind).await?;
            let next = reserved.unwrap_or(1);
            let end = next + NUMBERS_BLOCK;
            let mut batch = Batch::new();
            batch.expect_read(&NUMBERS, &self.kind, reserved.as_ref()).put(&NUMBERS, &self.kind, &end);
            attempts += 1;
            match store.commit(batch).await {
                Ok(_) => return Ok(Block { next, end }),
                Err(StoreError::Conflict) if attempts < RESERVATION_ATTEMPTS_MAX => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base::Clock;
    use ruma::server_name;
    use store::{Identity, MemoryKv};

    use super::*;

    /// A counter over an empty store that has given out its first number.
    async fn counting() -> (Counter, Store) {
        let identity = Identity::new(server_name!("streams.example"), &Clock::fake(1));
        let store =
            Store::open(Arc::new(MemoryKv::new()), crate::tables(), identity, Vec::new()).await.unwrap();
        let counter = Counter::new(1);
        assert_eq!(counter.next(&store).await, Ok(1));
        (counter, store)
    }

    #[tokio::test]
    async fn nobody_waits_while_somebody_reserves_the_next_block() {
        let (counter, store) = counting().await;
        let _reserves = counter.turn.lock().await;
        for expected in 2..=NUMBERS_BLOCK {
            let number = tokio::time::timeout(Duration::ZERO, counter.next(&store)).await;
            assert_eq!(number.unwrap(), Ok(expected));
        }
        let none_left = tokio::time::timeout(Duration::ZERO, counter.next(&store)).await;
        assert!(none_left.is_err(), "who finds none left waits for the one who reserves");
    }

    #[tokio::test]
    async fn the_next_block_is_reserved_when_half_of_one_is_given_out() {
        let (counter, store) = counting().await;
        for _ in 0..=NUMBERS_BLOCK / 2 {
            counter.next(&store).await.unwrap();
        }
        assert_eq!(store.get(&NUMBERS, &counter.kind).await, Ok(Some(1 + 2 * NUMBERS_BLOCK)));
    }

    #[tokio::test]
    async fn a_store_that_takes_nothing_is_told_when_the_numbers_are_given_out() {
        let (counter, store) = counting().await;
        store.close().await;
        for expected in 2..=NUMBERS_BLOCK {
            assert_eq!(counter.next(&store).await, Ok(expected));
        }
        assert_eq!(counter.next(&store).await, Err(StoreError::Closed));
    }
}

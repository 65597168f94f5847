//! Short numbers for rooms, events, states and state keys: reserved durably in blocks, given out from memory.

use std::sync::Arc;

use model::{EventNum, RoomNum, StateKeyNum, StateNum};
use store::{Batch, Store, StoreError};
use tokio::sync::Mutex;

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

#[derive(Debug)]
struct Counter {
    kind: u8,
    block: Mutex<Block>,
}

/// Numbers that are reserved and not given out: `next` up to, and without, `end`.
#[derive(Debug, Default)]
struct Block {
    next: u64,
    end: u64,
}

impl Counter {
    fn new(kind: u8) -> Self {
        Self { kind, block: Mutex::default() }
    }

    async fn next(&self, store: &Store) -> Result<u64, StoreError> {
        let mut block = self.block.lock().await;
        if block.next == block.end {
            *block = self.reserve(store).await?;
        }
        let number = block.next;
        block.next += 1;
        Ok(number)
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

//! Changes of the layout of stored rows that this crate owns, oldest first.

use async_trait::async_trait;
use store::{Batch, Migration, Scan, Store, StoreError};

use crate::limits::PAGE_ROWS;
use crate::tables::{MEMBER_COUNT, MEMBER_COUNT_OF_SCHEMA_1};

/// The migrations of this crate, for whoever opens the store. Their numbers are the program's: no other crate may
/// use them.
#[must_use]
pub fn migrations() -> Vec<Box<dyn Migration>> {
    vec![Box::new(MemberCountsToPoint)]
}

/// The counts of members lay among the rows that are rewritten all the time (counters), and are read like any other
/// row of a room: by key, far more often than written.
struct MemberCountsToPoint;

#[async_trait]
impl Migration for MemberCountsToPoint {
    fn number(&self) -> u32 {
        2
    }

    fn name(&self) -> &'static str {
        "move the counts of members to where single rows are read"
    }

    async fn run(&self, store: &Store) -> Result<(), StoreError> {
        loop {
            let page = store.scan(&MEMBER_COUNT_OF_SCHEMA_1, Scan::all().limit(PAGE_ROWS)).await?;
            if page.is_empty() {
                return Ok(());
            }
            let mut batch = Batch::new();
            for (room, counts) in &page {
                batch.put(&MEMBER_COUNT, room, counts);
                batch.delete(&MEMBER_COUNT_OF_SCHEMA_1, room);
            }
            store.commit(batch).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base::Clock;
    use model::RoomNum;
    use ruma::server_name;
    use store::{Engine, Identity, MemoryKv};

    use super::*;

    async fn open(engine: &MemoryKv, migrations: Vec<Box<dyn Migration>>) -> Store {
        let identity = Identity::new(server_name!("one.example"), &Clock::fake(5));
        let engine: Arc<dyn Engine> = Arc::new(engine.clone());
        Store::open(engine, crate::tables(), identity, migrations).await.unwrap()
    }

    #[tokio::test]
    async fn counts_of_members_move_and_stay_true() {
        let engine = MemoryKv::new();
        let old = open(&engine, Vec::new()).await;
        let rooms = 2 * PAGE_ROWS as u64 + 1;
        for first in (1..=rooms).step_by(PAGE_ROWS) {
            let mut batch = Batch::new();
            for number in first..(first + PAGE_ROWS as u64).min(rooms + 1) {
                batch.put(&MEMBER_COUNT_OF_SCHEMA_1, &RoomNum::new(number), &(number, 2));
            }
            old.commit(batch).await.unwrap();
        }
        // A migration that was stopped halfway leaves a room that was moved already.
        let mut batch = Batch::new();
        batch.put(&MEMBER_COUNT, &RoomNum::new(rooms + 1), &(7, 0));
        old.commit(batch).await.unwrap();
        drop(old);
        let new = open(&engine, migrations()).await;
        for (room, expected) in [(1, (1, 2)), (rooms, (rooms, 2)), (rooms + 1, (7, 0))] {
            assert_eq!(new.get(&MEMBER_COUNT, &RoomNum::new(room)).await.unwrap(), Some(expected));
        }
        let left = new.scan(&MEMBER_COUNT_OF_SCHEMA_1, Scan::all().limit(1)).await.unwrap();
        assert_eq!(left, []);
    }
}

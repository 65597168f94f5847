//! How long what a partial room lacks has been waited for. Then the room is made whole without it.
//!
//! Time in which the server stood still does not count, because nobody was asked then; what was waited before does, so that
//! no restart begins the wait anew.

use std::collections::HashMap;

use model::{EventNum, RoomNum};
use rooms::PartialRoom;
use serde::{Deserialize, Serialize};
use store::{Batch, Profile, Scan, Store, StoreError, Table, TableInfo, record};

use super::super::limits::{RESYNC_WAIT_MS_MAX, WAITED_PAGE};

/// How long what a partial room lacks has been waited for.
const WAITED: Table<RoomNum, WaitedRow> =
    Table::new(1266, "partial_room_waited", Profile::Queue, "how long was waited for what this room lacks?");

/// The list of this module.
pub(in crate::inbound) fn tables() -> Vec<TableInfo> {
    vec![WAITED.info()]
}

/// How long a room was waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct WaitedRow {
    /// The membership event with which this server came in; another one begins another wait.
    join: EventNum,
    /// In milliseconds.
    waited_ms: u64,
}
record!(WaitedRow);

/// One wait of this run.
#[derive(Clone, Debug)]
struct Wait {
    row: WaitedRow,
    /// Up to when it is counted, in milliseconds since 1970.
    counted_ms: u64,
}

/// The waits of all partial rooms that lack something.
#[derive(Default)]
pub(super) struct Waits(HashMap<RoomNum, Wait>);

impl Waits {
    /// Reads how long was waited until the last run ended, and forgets it of rooms that are whole.
    pub async fn open(
        store: &Store,
        partial: impl Fn(RoomNum) -> Option<EventNum>,
        now_ms: u64,
    ) -> Result<Self, StoreError> {
        let mut waits = Self::default();
        let mut over = Batch::new();
        let mut scan = Scan::all().limit(WAITED_PAGE);
        loop {
            let page = store.scan(&WAITED, scan).await?;
            let Some((last, _)) = page.last() else { break };
            scan = Scan::all().after(last).limit(WAITED_PAGE);
            for (room, row) in page {
                if partial(room) == Some(row.join) {
                    waits.0.insert(room, Wait { row, counted_ms: now_ms });
                } else {
                    over.delete(&WAITED, &room);
                }
            }
        }
        if !over.is_empty() {
            store.commit(over).await?;
        }
        Ok(waits)
    }

    /// How many rooms wait for something that they lack.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether what a room lacks is still waited for.
    pub fn is_patient(&self, partial: &PartialRoom, now_ms: u64) -> bool {
        let wait = self.0.get(&partial.room).filter(|wait| wait.row.join == partial.join);
        wait.is_none_or(|wait| wait.until(now_ms).waited_ms < RESYNC_WAIT_MS_MAX)
    }

    /// A try that began then has ended, and the room lacks something.
    ///
    /// # Errors
    /// The store's own; the wait goes on in memory.
    pub async fn note(
        &mut self,
        store: &Store,
        partial: &PartialRoom,
        began_ms: u64,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let known = self.0.get(&partial.room).filter(|wait| wait.row.join == partial.join);
        let row = match known {
            Some(wait) => wait.until(now_ms),
            None => WaitedRow { join: partial.join, waited_ms: now_ms.saturating_sub(began_ms) },
        };
        let mut batch = Batch::new();
        batch.put(&WAITED, &partial.room, &row);
        self.0.insert(partial.room, Wait { row, counted_ms: now_ms });
        store.commit(batch).await.map(drop)
    }

    /// Forgets the waits of rooms that are whole.
    ///
    /// # Errors
    /// The store's own; what is left is forgotten at the next start.
    pub async fn retain(
        &mut self,
        store: &Store,
        is_partial: impl Fn(RoomNum) -> bool,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        self.0.retain(|room, _| {
            let stays = is_partial(*room);
            if !stays {
                batch.delete(&WAITED, room);
            }
            stays
        });
        if batch.is_empty() { Ok(()) } else { store.commit(batch).await.map(drop) }
    }
}

impl Wait {
    fn until(&self, now_ms: u64) -> WaitedRow {
        let waited_ms = self.row.waited_ms.saturating_add(now_ms.saturating_sub(self.counted_ms));
        WaitedRow { join: self.row.join, waited_ms }
    }
}

#[cfg(test)]
mod tests {
    use store::{Identity, MemoryKv};

    use super::*;

    const BEGAN_MS: u64 = 1_700_000_000_000;

    fn partial(join: u64) -> PartialRoom {
        PartialRoom {
            room: RoomNum::new(1),
            join: EventNum::new(join),
            helper: ruma::owned_server_name!("helper.test"),
            servers: Vec::new(),
            is_state_known: false,
            is_all_told: false,
        }
    }

    async fn opened(store: &Store, partial: &PartialRoom, now_ms: u64) -> Waits {
        let join = |room| (room == partial.room).then_some(partial.join);
        Waits::open(store, join, now_ms).await.unwrap()
    }

    #[tokio::test]
    async fn what_a_room_lacks_is_waited_for_over_restarts_and_not_without_end() {
        let store = store_of_tests().await;
        let room = partial(7);
        let mut waits = opened(&store, &room, BEGAN_MS).await;
        assert!(waits.is_patient(&room, BEGAN_MS), "it was not tried yet");
        waits.note(&store, &room, BEGAN_MS, BEGAN_MS + 1_000).await.unwrap();
        let half_ms = BEGAN_MS + RESYNC_WAIT_MS_MAX / 2;
        waits.note(&store, &room, half_ms - 10, half_ms).await.unwrap();
        assert!(waits.is_patient(&room, half_ms));
        // The server stands still for a long time.
        let again_ms = half_ms + 10 * RESYNC_WAIT_MS_MAX;
        let waits = opened(&store, &room, again_ms).await;
        assert_eq!(waits.count(), 1);
        assert!(waits.is_patient(&room, again_ms + RESYNC_WAIT_MS_MAX / 2 - 1));
        assert!(!waits.is_patient(&room, again_ms + RESYNC_WAIT_MS_MAX / 2));
        assert!(waits.is_patient(&partial(8), again_ms + RESYNC_WAIT_MS_MAX), "it was entered anew");
    }

    #[tokio::test]
    async fn nothing_is_left_of_the_wait_for_a_room_that_is_whole() {
        let store = store_of_tests().await;
        let room = partial(7);
        let mut waits = opened(&store, &room, BEGAN_MS).await;
        waits.note(&store, &room, BEGAN_MS, BEGAN_MS).await.unwrap();
        assert_eq!(store.count(&WAITED, Scan::all()).await.unwrap(), 1);
        waits.retain(&store, |_| false).await.unwrap();
        assert_eq!((waits.count(), store.count(&WAITED, Scan::all()).await.unwrap()), (0, 0));
        waits.note(&store, &room, BEGAN_MS, BEGAN_MS).await.unwrap();
        assert_eq!(opened(&store, &partial(8), BEGAN_MS).await.count(), 0, "it was entered anew");
        assert_eq!(store.count(&WAITED, Scan::all()).await.unwrap(), 0);
    }

    async fn store_of_tests() -> Store {
        let identity = Identity::new(ruma::server_name!("here.test"), &base::Clock::system());
        Store::open(std::sync::Arc::new(MemoryKv::new()), tables(), identity, Vec::new()).await.unwrap()
    }
}

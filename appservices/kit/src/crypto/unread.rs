//! Events whose keys are not here: they wait a bounded time beside the inbox and go back to their places in it when the
//! key comes, when the time is over, and at a start.

use model::StreamPos;
use ruma::{OwnedRoomId, RoomId};
use serde::{Deserialize, Serialize};
use store::{Batch, Scan, StoreError};

use super::{receive::Session, tables::UNREAD};
use crate::{
    Kit,
    limits::{UNREAD_ROWS_MAX, UNREAD_WAIT_MS},
    tables::{INBOX, Incoming},
};

/// Begins the keys of timers that are the kit's own.
pub(crate) const TIMER_PREFIX: &str = "kit:unread:";

/// What such a timer holds.
#[derive(Serialize, Deserialize)]
struct Waited {
    room: OwnedRoomId,
    session: String,
    place: u64,
}

impl Kit {
    /// Whether another event of a bot may wait.
    pub(crate) async fn may_wait(&self, bot: &str) -> Result<bool, StoreError> {
        let waiting = self.0.store.count(&UNREAD, Scan::prefix(bot).limit(UNREAD_ROWS_MAX)).await?;
        Ok(waiting < UNREAD_ROWS_MAX)
    }

    /// Has an event of the inbox wait for the key of a session. The inbox lets go of it in the same batch.
    pub(crate) fn wait_for_key(
        &self,
        batch: &mut Batch,
        (bot, place): (&str, StreamPos),
        room: &RoomId,
        session: &str,
        row: &Incoming,
    ) {
        batch.put(&UNREAD, &(bot, room, session, place), row);
        let payload = Waited { room: room.to_owned(), session: session.to_owned(), place: place.get() };
        let payload = serde_json::to_value(payload).unwrap_or_default();
        let key = format!("{TIMER_PREFIX}{bot}:{}", place.get());
        self.0.timers.set(batch, bot, &key, row.received_ms + UNREAD_WAIT_MS, payload);
    }

    /// The time is over: the event goes back to its place, to be read or given up there.
    pub(crate) async fn waited(
        &self,
        batch: &mut Batch,
        bot: &str,
        payload: &serde_json::Value,
    ) -> Result<(), StoreError> {
        let Ok(Waited { room, session, place }) = serde_json::from_value(payload.clone()) else {
            return Ok(());
        };
        let key = (bot, &*room, &*session, StreamPos::new(place));
        if let Some(row) = self.0.store.get(&UNREAD, &key).await? {
            batch.expect_eq(&UNREAD, &key, &row).delete(&UNREAD, &key);
            batch.put(&INBOX, &(bot, key.3), &Incoming { is_last_try: true, ..row });
        }
        Ok(())
    }

    /// Puts what waited for these keys back to its places.
    pub(crate) async fn wake_unread(
        &self,
        batch: &mut Batch,
        sessions: &[Session],
    ) -> Result<(), StoreError> {
        for (bot, room, session) in sessions {
            let scan = Scan::prefix(&(*bot, &**room, &**session));
            for (key, row) in self.0.store.scan(&UNREAD, scan).await? {
                put_back(batch, &key, &row);
            }
        }
        Ok(())
    }

    /// Looks again at everything that waits: a key may have come in the moment of a crash.
    pub(crate) async fn reread_unread(&self, bot: &str) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        for (key, row) in self.0.store.scan(&UNREAD, Scan::prefix(bot)).await? {
            put_back(&mut batch, &key, &row);
        }
        if !batch.is_empty() {
            self.0.store.commit(batch).await?;
        }
        Ok(())
    }
}

fn put_back(batch: &mut Batch, key: &(String, OwnedRoomId, String, StreamPos), row: &Incoming) {
    batch.expect_eq(&UNREAD, key, row).delete(&UNREAD, key);
    batch.put(&INBOX, &(key.0.as_str(), key.3), row);
}

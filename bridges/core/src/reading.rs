//! What was said before, brought because somebody asked for it in a room: it may take minutes, so the request is a row, and the
//! answer comes when all of it is there.

use base::Shutdown;
use bridge_api::{ConversationId, Network};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use kit::Heard;
use store::{Batch, Scan, StoreError};

use crate::{
    Bridges,
    lanes::Lane,
    limits::{BACKFILLS_AT_ONCE, COLLEAGUES_INTERVAL, PAUSE_MAX, READINGS_MAX},
    people_tables::{READINGS, ReadingRow},
};

impl Bridges {
    /// Notes that somebody wants to have what was said in a conversation since a time; false where that is under way already, or
    /// too much is.
    pub(crate) async fn ask_to_read(
        &self,
        batch: &mut Batch,
        lane: &Lane,
        since_ms: u64,
        heard: &Heard,
    ) -> Result<bool, StoreError> {
        let of = (lane.0.key(), lane.1.as_str());
        let waiting = self.0.store.scan_keys(&READINGS, Scan::all().limit(READINGS_MAX)).await?;
        if waiting.len() >= READINGS_MAX || waiting.iter().any(|(network, id)| (&**network, &**id) == of) {
            return Ok(false);
        }
        let row = ReadingRow { since_ms, room: heard.room.clone(), event: heard.event_id.clone() };
        batch.expect_absent(&READINGS, &of).put(&READINGS, &of, &row);
        let news = std::sync::Arc::clone(&self.0.reading_news);
        batch.on_visible(move |_| news.notify_one());
        Ok(true)
    }

    /// Reads what is asked for, until the shutdown. What that cuts off is read after the next start.
    pub(crate) async fn keep_reading(&self, shutdown: &Shutdown) {
        while !shutdown.is_triggered() {
            let done = tokio::select! {
                biased;
                () = shutdown.wait() => return,
                done = Box::pin(self.read_all()) => done,
            };
            let pause = match done {
                Ok(()) => COLLEAGUES_INTERVAL,
                Err(error) => {
                    tracing::warn!(%error, "what was said before waits; will try again");
                    PAUSE_MAX
                }
            };
            tokio::select! {
                () = shutdown.wait() => {}
                () = self.0.reading_news.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn read_all(&self) -> Result<(), StoreError> {
        let rows = self.0.store.scan(&READINGS, Scan::all().limit(READINGS_MAX)).await?;
        stream::iter(rows)
            .map(Ok)
            .try_for_each_concurrent(BACKFILLS_AT_ONCE, |((network, conversation), row)| async move {
                let lane = Network::named(&network).zip(ConversationId::new(conversation.clone()).ok());
                let mut batch = Batch::new();
                let of = (&*network, &*conversation);
                batch.expect_eq(&READINGS, &of, &row).delete(&READINGS, &of);
                if let Some(lane) = lane {
                    self.read_for(&mut batch, &lane, &row).await;
                }
                match self.0.store.commit(batch).await {
                    Ok(_) | Err(StoreError::Conflict) => Ok(()),
                    Err(error) => Err(error),
                }
            })
            .await
    }

    /// Reads for one request, and answers it.
    async fn read_for(&self, batch: &mut Batch, lane: &Lane, row: &ReadingRow) {
        let ReadingRow { since_ms, room, event } = row;
        let read = match (self.seat(lane.0), self.portals().room_of(lane)) {
            (Some(seat), Some(bound)) if bound == *room => self.read_history(seat, lane, *since_ms).await,
            // It is not here any more.
            _ => return,
        };
        let unique = format!("read/{event}");
        match read {
            Ok(count) => {
                let count = count.to_string();
                let values = [("count", count.as_str())];
                self.notice_about(batch, room, &unique, "bridge.backfilled", &values, Some(event.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, conversation = %lane.1, "what was said before cannot be read");
                let reason = error.to_string();
                let values = [("reason", reason.as_str())];
                self.notice_about(batch, room, &unique, "bridge.failed", &values, Some(event.clone()));
            }
        }
    }
}

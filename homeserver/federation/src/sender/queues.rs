//! The queues: one row for each event and EDU that a destination is owed, and the batch in which rows and the place in
//! the stream are written together.

use std::collections::BTreeMap;

use bytes::Bytes;
use model::{EventNum, RoomNum, StreamPos};
use ruma::{OwnedRoomId, OwnedServerName, OwnedUserId, ServerName};
use store::{Batch, Scan};
use streams::Cursor;

use super::ephemeral::Receipt;
use super::limits::{QUEUED_EDUS_PER_DESTINATION_MAX, QUEUED_EVENTS_PER_DESTINATION_MAX};
use super::tables::{DESTINATION, DestinationRow, OWED_ROOM, QUEUED_EDU, QUEUED_EVENT};
use super::{Sender, SenderError};

/// Rows of one batch, and whose they are.
#[derive(Default)]
pub(super) struct Harvest {
    pub batch: Batch,
    /// Events and EDUs that were queued for each destination.
    pub rows: BTreeMap<OwnedServerName, (usize, usize)>,
    /// Numbers the EDUs of one position.
    pub edus: u64,
    pub receipts: Vec<(OwnedServerName, OwnedRoomId, OwnedUserId, String, Receipt)>,
}

impl Sender {
    pub(super) async fn queue_event(
        &self,
        server: &ServerName,
        position: StreamPos,
        event: (RoomNum, EventNum),
        harvest: &mut Harvest,
    ) -> Result<(), SenderError> {
        let queued = harvest.rows.get(server).map_or(0, |(events, _)| *events);
        let (catching_up, waiting) = {
            let mut schedule = self.0.schedule.lock();
            let destination = schedule.get_mut(server);
            (destination.catching_up, destination.events + queued)
        };
        if catching_up {
            harvest.batch.put(&OWED_ROOM, &(server.to_owned(), event.0), &(position, event.1));
            harvest.rows.entry(server.to_owned()).or_default();
            return Ok(());
        }
        if waiting >= QUEUED_EVENTS_PER_DESTINATION_MAX {
            self.begin_catch_up(server, harvest).await?;
            harvest.batch.put(&OWED_ROOM, &(server.to_owned(), event.0), &(position, event.1));
            return Ok(());
        }
        harvest.batch.put(&QUEUED_EVENT, &(server.to_owned(), position), &event);
        harvest.rows.entry(server.to_owned()).or_default().0 += 1;
        Ok(())
    }

    /// Too much waits: from now on only the newest event of each room is remembered.
    async fn begin_catch_up(&self, server: &ServerName, harvest: &mut Harvest) -> Result<(), SenderError> {
        tracing::info!(%server, "a destination has missed too much; it will be told where the rooms stand");
        let store = &self.0.parts.store;
        // Rows of this very batch are of later events than all that are stored.
        let scan = Scan::prefix(server).limit(QUEUED_EVENTS_PER_DESTINATION_MAX);
        for (key, (room, event)) in store.scan(&QUEUED_EVENT, scan).await? {
            harvest.batch.put(&OWED_ROOM, &(server.to_owned(), room), &(key.1, event));
            harvest.batch.delete(&QUEUED_EVENT, &key);
        }
        let mut schedule = self.0.schedule.lock();
        let destination = schedule.get_mut(server);
        destination.catching_up = true;
        destination.events = 0;
        Ok(())
    }

    pub(super) async fn queue_edu(
        &self,
        server: &ServerName,
        position: StreamPos,
        edu: Bytes,
        harvest: &mut Harvest,
    ) -> Result<(), SenderError> {
        let queued = harvest.rows.get(server).map_or(0, |(_, edus)| *edus);
        let waiting = self.0.schedule.lock().get_mut(server).edus + queued;
        if waiting >= QUEUED_EDUS_PER_DESTINATION_MAX {
            let oldest = Scan::prefix(server).limit(1);
            for key in self.0.parts.store.scan_keys(&QUEUED_EDU, oldest).await? {
                harvest.batch.delete(&QUEUED_EDU, &key);
                metrics::counter!("federation_dropped_total", "reason" => "queue_full").increment(1);
            }
        } else {
            harvest.rows.entry(server.to_owned()).or_default().1 += 1;
        }
        harvest.edus += 1;
        harvest.batch.put(&QUEUED_EDU, &(server.to_owned(), position, harvest.edus), &edu);
        Ok(())
    }

    /// Commits what was gathered together with the place in the stream, and lets the courier know.
    pub(super) async fn save(
        &self,
        cursor: &mut Cursor,
        position: StreamPos,
        mut harvest: Harvest,
    ) -> Result<(), SenderError> {
        cursor.advance(&mut harvest.batch, position);
        let now_ms = self.0.parts.clock.now_ms();
        let destinations: Vec<OwnedServerName> = harvest.rows.keys().cloned().collect();
        for server in &destinations {
            let row = self.0.parts.store.exists(&DESTINATION, server).await?;
            if !row {
                harvest.batch.put(&DESTINATION, server, &DestinationRow::default());
            }
        }
        if !harvest.batch.is_empty() {
            self.0.parts.store.commit(harvest.batch).await?;
        }
        let mut schedule = self.0.schedule.lock();
        for (server, (events, edus)) in &harvest.rows {
            let destination = schedule.get_mut(server);
            destination.events += events;
            destination.edus += edus;
            destination.news += 1;
            schedule.plan(server, now_ms);
        }
        for (server, room, user, thread, receipt) in harvest.receipts {
            let destination = schedule.get_mut(&server);
            // Who cannot be reached now has no use for it later.
            if destination.row.failures == 0 {
                destination.ephemeral.receipt(room, user, thread, receipt);
                schedule.plan(&server, now_ms);
            }
        }
        metrics::gauge!("federation_queue_length").set(schedule.rows() as f64);
        drop(schedule);
        self.0.work.notify_one();
        Ok(())
    }
}

//! The queues: one row for each event and EDU that a destination is owed, written in the batch that moves the place in
//! the stream, and what memory knows of them afterwards.

use std::collections::BTreeMap;

use bytes::Bytes;
use model::{EventNum, RoomNum, StreamPos};
use ruma::{OwnedRoomId, OwnedServerName, OwnedUserId, ServerName};
use store::{Batch, Scan};

use super::devices::Announced;
use super::ephemeral::Receipt;
use super::limits::{QUEUED_EDUS_PER_DESTINATION_MAX, QUEUED_EVENTS_PER_DESTINATION_MAX};
use super::tables::{DESTINATION, DestinationRow, OWED_ROOM, QUEUED_EDU, QUEUED_EVENT};
use super::{Sender, SenderError};

/// What one batch writes.
#[derive(Default)]
pub(super) struct Harvest {
    pub batch: Batch,
    /// What was told of devices in this batch, which no snapshot shows yet.
    pub announced: Announced,
    /// Numbers the EDUs of one position.
    edus: u64,
    gathered: Gathered,
}

/// What memory learns when the batch is durable.
#[derive(Default)]
pub(super) struct Gathered {
    rows: BTreeMap<OwnedServerName, Rows>,
    receipts: Vec<WaitingReceipt>,
}

/// What a batch does to the queues of one destination.
#[derive(Clone, Copy, Default)]
struct Rows {
    events: usize,
    edus: usize,
    /// EDUs that had to go.
    edus_dropped: usize,
    /// Only the newest event of each room is remembered from now on.
    catches_up: bool,
}

/// Server, room, user, thread, receipt.
pub(super) type WaitingReceipt = (OwnedServerName, OwnedRoomId, OwnedUserId, String, Receipt);

impl Harvest {
    pub fn receipt(&mut self, receipt: WaitingReceipt) {
        self.gathered.receipts.push(receipt);
    }

    pub fn finish(self) -> (Batch, Gathered) {
        (self.batch, self.gathered)
    }

    fn rows(&mut self, server: &ServerName) -> &mut Rows {
        self.gathered.rows.entry(server.to_owned()).or_default()
    }
}

impl Sender {
    pub(super) fn queue_event(
        &self,
        server: &ServerName,
        position: StreamPos,
        event: (RoomNum, EventNum),
        harvest: &mut Harvest,
    ) {
        let (catching_up, waiting) = {
            let mut schedule = self.0.schedule.lock();
            let destination = schedule.get_mut(server);
            (destination.catching_up, destination.events)
        };
        let rows = harvest.rows(server);
        if catching_up {
            rows.catches_up = true;
        } else if !rows.catches_up && waiting + rows.events >= QUEUED_EVENTS_PER_DESTINATION_MAX {
            tracing::info!(%server, "a server has missed too much; it will be told where the rooms stand");
            rows.catches_up = true;
        }
        if rows.catches_up {
            harvest.batch.put(&OWED_ROOM, &(server.to_owned(), event.0), &(position, event.1));
        } else {
            rows.events += 1;
            harvest.batch.put(&QUEUED_EVENT, &(server.to_owned(), position), &event);
        }
    }

    pub(super) fn queue_edu(
        &self,
        server: &ServerName,
        position: StreamPos,
        edu: Bytes,
        harvest: &mut Harvest,
    ) {
        harvest.edus += 1;
        let key = (server.to_owned(), position, harvest.edus);
        harvest.batch.put(&QUEUED_EDU, &key, &edu);
        harvest.rows(server).edus += 1;
    }

    /// Lets the oldest EDUs go of which a destination has too many, and notes destinations that are new.
    pub(super) async fn keep_in_bounds(&self, harvest: &mut Harvest) -> Result<(), SenderError> {
        let store = &self.0.parts.store;
        for (server, rows) in &mut harvest.gathered.rows {
            let waiting = self.0.schedule.lock().get_mut(server).edus + rows.edus;
            let over = waiting.saturating_sub(QUEUED_EDUS_PER_DESTINATION_MAX);
            if over > 0 {
                let oldest = store.scan_keys(&QUEUED_EDU, Scan::prefix(server).limit(over)).await?;
                rows.edus_dropped = oldest.len();
                for key in &oldest {
                    harvest.batch.delete(&QUEUED_EDU, key);
                }
                tracing::warn!(%server, dropped = oldest.len(), "too many messages wait for a server; the oldest go");
                metrics::counter!("federation_dropped_total", "reason" => "queue_full")
                    .increment(oldest.len() as u64);
            }
            if !store.exists(&DESTINATION, server).await? {
                harvest.batch.put(&DESTINATION, server, &DestinationRow::default());
            }
        }
        Ok(())
    }

    /// The batch is durable: lets the courier know.
    pub(super) fn queued(&self, gathered: Gathered) {
        let now_ms = self.0.parts.clock.now_ms();
        let mut schedule = self.0.schedule.lock();
        for (server, rows) in &gathered.rows {
            let destination = schedule.get_mut(server);
            destination.events += rows.events;
            destination.edus = (destination.edus + rows.edus).saturating_sub(rows.edus_dropped);
            destination.catching_up |= rows.catches_up;
            destination.news += 1;
            schedule.plan(server, now_ms);
        }
        for (server, room, user, thread, receipt) in gathered.receipts {
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
    }
}

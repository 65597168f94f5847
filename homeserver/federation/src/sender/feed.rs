//! From the stream to the queues: what is owed to whom.
//!
//! Reads facts after its own cursor and writes the rows in the batch that moves the cursor, so that everything is queued
//! once, whenever the process dies. Never speaks to anybody.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::Shutdown;
use bytes::Bytes;
use model::{EventNum, RoomNum, StreamPos};
use ruma::{OwnedRoomId, OwnedServerName, OwnedUserId, ServerName};
use serde_json::Value;
use store::{Audience, Batch, CommitListener, Scan, Snapshot, StoreError};
use streams::{Cursor, Fact, facts};
use tokio::sync::Notify;

use super::ephemeral::Receipt;
use super::limits::{
    FEED_LAG_POSITIONS_MAX, FEED_RETRY, FEED_ROWS_PER_BATCH, QUEUED_EDUS_PER_DESTINATION_MAX,
    QUEUED_EVENTS_PER_DESTINATION_MAX,
};
use super::tables::{DESTINATION, DestinationRow, OWED_ROOM, QUEUED_EDU, QUEUED_EVENT};
use super::{Sender, SenderError};

/// The name of this reader of the stream.
pub const CURSOR: &str = "federation";

/// Wakes the feed when something was committed.
pub(super) struct News(pub Arc<Notify>);

impl CommitListener for News {
    fn committed(&self, _: &[Audience], _: StreamPos) {
        self.0.notify_one();
    }
}

/// Rows of one batch, and whose they are.
#[derive(Default)]
pub(super) struct Harvest {
    pub batch: Batch,
    /// Events and EDUs that were queued for each destination.
    rows: BTreeMap<OwnedServerName, (usize, usize)>,
    /// Numbers the EDUs of one position.
    edus: u64,
    receipts: Vec<(OwnedServerName, OwnedRoomId, OwnedUserId, String, Receipt)>,
}

impl Sender {
    /// Follows the stream until the server stops.
    pub(super) async fn feed(&self, shutdown: Shutdown) {
        while !shutdown.is_triggered() {
            match self.follow(&shutdown).await {
                Ok(()) | Err(SenderError::Store(StoreError::Closed)) => return,
                Err(error) => {
                    tracing::warn!(%error, "follow the stream for other servers; will try again");
                }
            }
            tokio::select! {
                () = shutdown.wait() => {}
                () = tokio::time::sleep(FEED_RETRY) => {}
            }
        }
    }

    async fn follow(&self, shutdown: &Shutdown) -> Result<(), SenderError> {
        let store = &self.0.parts.store;
        let mut cursor = Cursor::load(store, CURSOR).await?;
        if cursor.position() == StreamPos::ZERO {
            // What happened before this server spoke to others concerns nobody else.
            self.save(&mut cursor, store.frontier(), Harvest::default()).await?;
        }
        let mut read_to = cursor.position();
        loop {
            let snapshot = store.snapshot();
            if read_to < snapshot.position() {
                read_to = self.read_on(&mut cursor, read_to, &snapshot).await?;
                let lag = store.frontier().get().saturating_sub(read_to.get());
                metrics::gauge!("federation_feed_lag_positions").set(lag as f64);
                continue;
            }
            tokio::select! {
                () = shutdown.wait() => {
                    return self.save(&mut cursor, read_to, Harvest::default()).await;
                }
                () = self.0.news.notified() => {}
            }
        }
    }

    /// Reads one page of facts; where it came to.
    async fn read_on(
        &self,
        cursor: &mut Cursor,
        after: StreamPos,
        snapshot: &Snapshot,
    ) -> Result<StreamPos, SenderError> {
        let mut read_to = snapshot.position();
        let mut harvest = Harvest::default();
        // Who knows no other server owes nothing to any.
        if self.0.schedule.lock().iter().next().is_some() {
            let page = facts(snapshot, after, snapshot.position()).await?;
            if page.len() >= streams::limits::FACTS_READ_MAX
                && let Some((last, _)) = page.last()
            {
                read_to = *last;
            }
            self.take_events(cursor, snapshot, &page, &mut harvest).await?;
            self.take_receipts(snapshot, &page, &mut harvest).await?;
            for user in self.0.parts.keys.device_list_changes(snapshot, after, read_to).await? {
                if self.0.parts.rooms.is_local(&user) {
                    self.announce_devices(snapshot, &user, read_to, &mut harvest).await?;
                }
            }
        }
        self.take_to_device(snapshot, read_to, &mut harvest).await?;
        let far_ahead = read_to.get().saturating_sub(cursor.position().get()) >= FEED_LAG_POSITIONS_MAX;
        if !harvest.batch.is_empty() || !harvest.receipts.is_empty() || far_ahead {
            self.save(cursor, read_to, harvest).await?;
        }
        Ok(read_to)
    }

    async fn take_events(
        &self,
        cursor: &mut Cursor,
        snapshot: &Snapshot,
        page: &[(StreamPos, Fact)],
        harvest: &mut Harvest,
    ) -> Result<(), SenderError> {
        let events: Vec<_> = page
            .iter()
            .filter_map(|(position, fact)| match fact {
                Fact::Event { room, event } => Some((*position, *room, *event)),
                // Nothing else enters a room. The enum is open.
                _ => None,
            })
            .collect();
        for owed in self.fan_out(snapshot, &events).await? {
            for server in &owed.destinations {
                self.queue_event(server, owed.position, (owed.room, owed.event), harvest).await?;
            }
            if let Some(user) = &owed.joined {
                self.introduce_devices(snapshot, user, owed.room, owed.position, harvest).await?;
            }
            if harvest.batch.writes() >= FEED_ROWS_PER_BATCH {
                self.save(cursor, owed.position, std::mem::take(harvest)).await?;
            }
        }
        Ok(())
    }

    async fn take_receipts(
        &self,
        snapshot: &Snapshot,
        page: &[(StreamPos, Fact)],
        harvest: &mut Harvest,
    ) -> Result<(), SenderError> {
        let rooms = &self.0.parts.rooms;
        for (position, fact) in page {
            let Fact::Receipt { room, user } = fact else { continue };
            if !rooms.is_local(user) {
                continue;
            }
            let servers = self.servers_in(snapshot, *room).await?;
            if servers.is_empty() {
                continue;
            }
            let before = StreamPos::new(position.get() - 1);
            let content = rooms.receipts_between(snapshot, *room, before, *position, user).await?;
            let content: Value = match content.map(|content| serde_json::from_str(content.get())) {
                Some(Ok(content)) => content,
                Some(Err(_)) | None => continue,
            };
            let room_id = rooms.room_id(snapshot, *room).await?;
            for (event_id, kinds) in content.as_object().into_iter().flatten() {
                let Some(data) = kinds.get("m.read").and_then(|users| users.get(user.as_str())) else {
                    continue;
                };
                let thread = data["thread_id"].as_str().unwrap_or_default().to_owned();
                let receipt = Receipt { event_id: event_id.clone(), data: data.clone() };
                for server in &servers {
                    harvest.receipts.push((
                        server.clone(),
                        room_id.clone(),
                        user.clone(),
                        thread.clone(),
                        receipt.clone(),
                    ));
                }
            }
        }
        Ok(())
    }

    async fn take_to_device(
        &self,
        snapshot: &Snapshot,
        up_to: StreamPos,
        harvest: &mut Harvest,
    ) -> Result<(), SenderError> {
        for message in self.0.parts.keys.outgoing_to_device(snapshot, up_to).await? {
            self.0.parts.keys.hand_over_to_device(&mut harvest.batch, &message);
            if self.0.parts.carrier.allows(&message.destination) {
                let content = String::from_utf8_lossy(&message.content);
                let edu = format!("{{\"content\":{content},\"edu_type\":\"m.direct_to_device\"}}");
                self.queue_edu(&message.destination, message.position, edu.into(), harvest).await?;
            }
        }
        Ok(())
    }

    /// The servers in a room that get EDUs of it.
    pub(super) async fn servers_in(
        &self,
        snapshot: &store::Reader,
        room: RoomNum,
    ) -> Result<Vec<OwnedServerName>, SenderError> {
        let parts = &self.0.parts;
        let mut servers = Vec::new();
        for (server, joined) in parts.rooms.joined_servers(snapshot, room).await? {
            let is_other = joined > 0 && server != parts.server_name && parts.carrier.allows(&server);
            if is_other && parts.rooms.acl_allows(room, &server).await? {
                servers.push(server);
            }
        }
        Ok(servers)
    }

    async fn queue_event(
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
    async fn save(
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

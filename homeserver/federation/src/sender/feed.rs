//! From the stream to the queues: what is owed to whom.
//!
//! Reads facts after its own cursor and writes the rows in the batch that moves the cursor, so that everything is queued
//! once, whenever the process dies. Never speaks to anybody.

use std::sync::Arc;

use base::Shutdown;
use model::{RoomNum, StreamPos};
use ruma::OwnedServerName;
use serde_json::Value;
use store::{Audience, CommitListener, Snapshot, StoreError};
use streams::{Cursor, Fact, facts};
use tokio::sync::Notify;

use super::ephemeral::Receipt;
use super::limits::{FEED_LAG_POSITIONS_MAX, FEED_RETRY, FEED_ROWS_PER_BATCH};
use super::queues::Harvest;
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
}

//! From the stream to the queues of the services.
//!
//! Reads facts after its own cursor and writes one small row for each service that an event concerns, in the batch
//! that moves the cursor: an event is queued once, whenever the process dies. Never speaks to a service, so one
//! that is slow or down holds nobody up.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use appservice::Loaded;
use base::Shutdown;
use model::{EventNum, Pdu, RoomNum, StreamPos};
use parking_lot::Mutex;
use rooms::RoomsError;
use ruma::UserId;
use store::{Audience, Batch, CommitListener, Scan, Snapshot, StoreError};
use streams::{Cursor, Fact, facts};
use tokio::sync::Notify;

use super::{
    Services, ServicesError,
    line::DeviceKey,
    tables::{QUEUE, QueueRow},
};
use crate::limits::{
    FEED_LAG_POSITIONS_MAX, FEED_RETRY, FEED_ROWS_PER_BATCH, SERVICE_QUEUE_ROWS_MAX, SERVICE_SIGNALS_MAX,
};

/// The name of this reader of the stream.
pub const CURSOR: &str = "appservices";

/// What commits tell the feed.
#[derive(Default)]
pub(super) struct Signals {
    pub news: Notify,
    /// Whether any service wants to hear of devices.
    pub devices_wanted: AtomicBool,
    /// Devices that something was committed for.
    pub devices: Mutex<HashSet<DeviceKey>>,
    /// More devices than are kept: ask the store.
    pub overflowed: AtomicBool,
}

impl CommitListener for Signals {
    fn committed(&self, audiences: &[Audience], _: StreamPos) {
        if self.devices_wanted.load(Ordering::Relaxed) {
            let concerned = audiences.iter().filter_map(|audience| match audience {
                Audience::Device(user, device) => Some((user.clone(), device.clone())),
                Audience::Everyone | Audience::User(_) | Audience::Users(_) => None,
            });
            let mut devices = self.devices.lock();
            for device in concerned {
                if devices.len() >= SERVICE_SIGNALS_MAX {
                    self.overflowed.store(true, Ordering::Relaxed);
                    break;
                }
                devices.insert(device);
            }
        }
        self.news.notify_one();
    }
}

/// Rows of one batch, and for whom they are.
#[derive(Default)]
struct Harvest {
    batch: Batch,
    rows: BTreeMap<String, usize>,
    oldest_dropped: usize,
}

impl Services {
    /// Follows the stream until the server stops.
    pub(super) async fn feed(&self, shutdown: Shutdown) {
        while !shutdown.is_triggered() {
            match self.follow(&shutdown).await {
                Ok(()) | Err(ServicesError::Store(StoreError::Closed)) => return,
                Err(error) => {
                    tracing::warn!(%error, "follow the stream for application services; will try again")
                }
            }
            tokio::select! {
                () = shutdown.wait() => {}
                () = tokio::time::sleep(FEED_RETRY) => {}
            }
        }
    }

    async fn follow(&self, shutdown: &Shutdown) -> Result<(), ServicesError> {
        let store = &self.0.parts.store;
        let mut cursor = Cursor::load(store, CURSOR).await?;
        if cursor.position() == StreamPos::ZERO {
            // What happened before the first start with services concerns none.
            self.save(&mut cursor, self.0.opened_at, Harvest::default()).await?;
        }
        let mut read_to = cursor.position();
        loop {
            self.hear_devices().await?;
            let snapshot = store.snapshot();
            if read_to < snapshot.position() {
                read_to = self.read_on(&mut cursor, read_to, &snapshot).await?;
                metrics::gauge!("appservice_feed_lag_positions")
                    .set(store.frontier().get().saturating_sub(read_to.get()) as f64);
                continue;
            }
            tokio::select! {
                () = shutdown.wait() => return self.save(&mut cursor, read_to, Harvest::default()).await,
                () = self.0.signals.news.notified() => {}
            }
        }
    }

    /// Reads one page of facts; where it came to.
    async fn read_on(
        &self,
        cursor: &mut Cursor,
        after: StreamPos,
        snapshot: &Snapshot,
    ) -> Result<StreamPos, ServicesError> {
        let mut read_to = snapshot.position();
        let mut harvest = Harvest::default();
        let loaded = self.0.parts.appservices.loaded();
        if loaded.services.iter().any(|service| service.url.is_some()) {
            let page = facts(snapshot, after, snapshot.position()).await?;
            if page.len() >= streams::limits::FACTS_READ_MAX
                && let Some((last, _)) = page.last()
            {
                read_to = *last;
            }
            for (position, fact) in page {
                self.take_fact(snapshot, &loaded, position, fact, &mut harvest).await?;
                if harvest.batch.writes() >= FEED_ROWS_PER_BATCH {
                    // Device lists are read for the whole page below; their rows may be written twice.
                    self.save(cursor, position, std::mem::take(&mut harvest)).await?;
                }
            }
            self.take_device_lists(snapshot, &loaded, (after, read_to), &mut harvest).await?;
        }
        let far_ahead = read_to.get().saturating_sub(cursor.position().get()) >= FEED_LAG_POSITIONS_MAX;
        if harvest.batch.writes() > 0 || far_ahead {
            self.save(cursor, read_to, harvest).await?;
        }
        Ok(read_to)
    }

    async fn take_fact(
        &self,
        snapshot: &Snapshot,
        loaded: &Arc<Loaded>,
        position: StreamPos,
        fact: Fact,
        harvest: &mut Harvest,
    ) -> Result<(), ServicesError> {
        match fact {
            Fact::Event { room, event } => {
                match self.take_event(snapshot, loaded, (position, room, event), harvest).await {
                    // Purged since: nobody can be told of it any more.
                    Err(ServicesError::Rooms(RoomsError::Corrupt(what))) => {
                        tracing::debug!(what, "skip a fact of what is gone");
                        Ok(())
                    }
                    outcome => outcome,
                }
            }
            Fact::Receipt { room, .. }
                if loaded.services.iter().any(|service| service.receives_ephemeral) =>
            {
                let flags = self.0.interests.of_room(&self.0.parts.rooms, loaded, room).await?;
                for (service, interested) in loaded.services.iter().zip(flags) {
                    if interested && service.receives_ephemeral && service.url.is_some() {
                        let row = QueueRow::Receipts { room, queued_ms: self.now_ms() };
                        self.queue(&service.id, position, &row, harvest).await?;
                    }
                }
                Ok(())
            }
            // Nothing else is told to services. The enum is open: a fact that is new here is none for them.
            _ => Ok(()),
        }
    }

    async fn take_event(
        &self,
        snapshot: &Snapshot,
        loaded: &Arc<Loaded>,
        (position, room, event): (StreamPos, RoomNum, EventNum),
        harvest: &mut Harvest,
    ) -> Result<(), ServicesError> {
        let rooms = &self.0.parts.rooms;
        let meta = rooms.meta(snapshot, event).await?;
        if meta.rejected || meta.soft_failed {
            return Ok(());
        }
        let pdu = rooms.pdu(snapshot, event).await?;
        let member = member_change(&pdu);
        for service in self.0.interests.of_event(rooms, loaded, room, &pdu).await? {
            let row = QueueRow::Event {
                room,
                event,
                queued_ms: self.now_ms(),
                member: member.clone().filter(|_| service.receives_encryption),
            };
            self.queue(&service.id, position, &row, harvest).await?;
        }
        Ok(())
    }

    async fn take_device_lists(
        &self,
        snapshot: &Snapshot,
        loaded: &Arc<Loaded>,
        (after, up_to): (StreamPos, StreamPos),
        harvest: &mut Harvest,
    ) -> Result<(), ServicesError> {
        if !loaded.services.iter().any(|service| service.receives_encryption) {
            return Ok(());
        }
        let keys = &self.0.parts.keys;
        for user in keys.device_list_changes(snapshot, after, up_to).await? {
            let Some(position) = keys.device_list_position(snapshot, &user).await? else { continue };
            let flags = self.0.interests.of_user(&self.0.parts.rooms, loaded, &user).await?;
            for (service, interested) in loaded.services.iter().zip(flags) {
                if interested && service.receives_encryption && service.url.is_some() {
                    let row = QueueRow::DeviceList { user: user.clone(), queued_ms: self.now_ms() };
                    self.queue(&service.id, position, &row, harvest).await?;
                }
            }
        }
        Ok(())
    }

    async fn queue(
        &self,
        service: &str,
        position: StreamPos,
        row: &QueueRow,
        harvest: &mut Harvest,
    ) -> Result<(), StoreError> {
        harvest.batch.put(&QUEUE, &(service.to_owned(), position, row.code()), row);
        *harvest.rows.entry(service.to_owned()).or_default() += 1;
        if self.line(service).rows() >= SERVICE_QUEUE_ROWS_MAX {
            let scan = Scan::prefix(&service.to_owned()).limit(1);
            for key in self.0.parts.store.scan_keys(&QUEUE, scan).await? {
                harvest.batch.delete(&QUEUE, &key);
                harvest.oldest_dropped += 1;
                self.line(service).remove_rows(1);
            }
        }
        Ok(())
    }

    /// Commits what was gathered together with the place in the stream, and lets the lines know.
    async fn save(
        &self,
        cursor: &mut Cursor,
        position: StreamPos,
        mut harvest: Harvest,
    ) -> Result<(), ServicesError> {
        cursor.advance(&mut harvest.batch, position);
        if harvest.batch.is_empty() {
            return Ok(());
        }
        self.0.parts.store.commit(harvest.batch).await?;
        if harvest.oldest_dropped > 0 {
            tracing::error!(
                rows = harvest.oldest_dropped,
                "the queue of an application service is full; its oldest rows go"
            );
            metrics::counter!("appservice_rows_dropped_total").increment(harvest.oldest_dropped as u64);
        }
        for (service, rows) in &harvest.rows {
            let line = self.line(service);
            line.add_rows(*rows);
            line.wake.notify_one();
        }
        Ok(())
    }

    fn now_ms(&self) -> u64 {
        self.0.parts.clock.now_ms()
    }
}

/// Who came or went by a member event.
fn member_change(pdu: &Pdu) -> Option<(ruma::OwnedUserId, bool)> {
    #[derive(serde::Deserialize)]
    struct Content {
        membership: String,
    }
    if pdu.kind() != "m.room.member" {
        return None;
    }
    let user = UserId::parse(pdu.state_key()?).ok()?;
    let content: Content = pdu.content_as().ok()?;
    match content.membership.as_str() {
        "join" => Some((user, true)),
        "leave" | "ban" => Some((user, false)),
        _ => None,
    }
}

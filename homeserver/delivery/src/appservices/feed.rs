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
use streams::{Bell, Fact, Page, StreamReader};
use tokio::sync::Notify;

use super::{
    Services, ServicesError,
    line::DeviceKey,
    tables::{MISSED, Missed, QUEUE, QueueRow},
};
use crate::limits::{DROPPED_ROWS_PER_BATCH, FEED_ROWS_PER_BATCH, SERVICE_SIGNALS_MAX};

/// The name of this reader of the stream.
pub const CURSOR: &str = "appservices";

/// What commits tell the feed.
#[derive(Default)]
pub(super) struct Signals {
    /// Rings when the services themselves changed.
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
    }
}

/// Rows of one batch, and for whom they are.
#[derive(Default)]
struct Harvest {
    batch: Batch,
    gathered: Gathered,
}

/// What memory learns when a batch is durable, by service.
type Gathered = BTreeMap<String, Change>;

#[derive(Default)]
struct Change {
    rows: usize,
    dropped: usize,
    /// All that the service has missed, when rows had to go.
    missed: Option<Missed>,
}

/// The reader of the stream.
struct Feed {
    services: Services,
    /// Of the page that is being committed.
    gathered: Gathered,
}

impl StreamReader for Feed {
    type Error = ServicesError;

    const NAME: &'static str = CURSOR;

    async fn open(&mut self, place: StreamPos, _: StreamPos) -> Result<StreamPos, ServicesError> {
        // What happened before the first start with services concerns none.
        Ok(if place == StreamPos::ZERO { self.services.0.opened_at } else { place })
    }

    async fn woken(&mut self) -> Result<(), ServicesError> {
        self.services.hear_devices().await
    }

    async fn take(&mut self, page: &mut Page) -> Result<(), ServicesError> {
        self.gathered = Gathered::default();
        let loaded = self.services.0.parts.appservices.loaded();
        if loaded.services.iter().all(|service| service.url.is_none()) {
            return Ok(());
        }
        let mut harvest = Harvest::default();
        let snapshot = page.snapshot().clone();
        for (position, fact) in page.facts().await? {
            self.services.take_fact(&snapshot, &loaded, position, fact, &mut harvest).await?;
            if harvest.batch.writes() >= FEED_ROWS_PER_BATCH {
                page.end_at(position);
                break;
            }
        }
        let span = (page.after(), page.up_to());
        self.services.take_device_lists(&snapshot, &loaded, span, &mut harvest).await?;
        self.services.keep_in_bounds(&mut harvest).await?;
        let is_waited_for = |id: &String| loaded.by_id(id).is_none_or(|service| service.people_wait);
        if !harvest.gathered.keys().any(is_waited_for) {
            harvest.batch.nobody_waits();
        }
        (page.batch, self.gathered) = (harvest.batch, harvest.gathered);
        Ok(())
    }

    fn passed(&mut self, _: StreamPos) {
        self.services.queued(std::mem::take(&mut self.gathered));
    }

    async fn wait(&mut self, bell: &mut Bell) {
        tokio::select! {
            () = bell.rung() => {}
            () = self.services.0.signals.news.notified() => {}
        }
    }
}

impl Services {
    /// Follows the stream until the server stops.
    pub(super) async fn feed(&self, shutdown: Shutdown) {
        let mut feed = Feed { services: self.clone(), gathered: Gathered::default() };
        streams::follow(&self.0.parts.store, &mut feed, &shutdown).await;
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
                        harvest.queue(&service.id, position, &row);
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
            harvest.queue(&service.id, position, &row);
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
                    harvest.queue(&service.id, position, &row);
                }
            }
        }
        Ok(())
    }

    /// Lets the oldest rows go of which a service has too many, at most [`DROPPED_ROWS_PER_BATCH`] of all services, and writes down
    /// that they went.
    async fn keep_in_bounds(&self, harvest: &mut Harvest) -> Result<(), StoreError> {
        let mut left = DROPPED_ROWS_PER_BATCH;
        for (service, change) in &mut harvest.gathered {
            let line = self.line(service);
            let over = (line.rows() + change.rows).saturating_sub(self.0.parts.queue_rows_max).min(left);
            let scan = Scan::prefix(service).limit(over);
            let oldest = if over == 0 { Vec::new() } else { self.0.parts.store.scan(&QUEUE, scan).await? };
            let (Some((_, first)), Some((_, last))) = (oldest.first(), oldest.last()) else { continue };
            let missed =
                Missed { rows: oldest.len() as u64, from_ms: first.queued_ms(), until_ms: last.queued_ms() };
            left = left.saturating_sub(oldest.len());
            for (key, _) in &oldest {
                harvest.batch.delete(&QUEUE, key);
            }
            let all = line.missed().map_or(missed.clone(), |before| before.and(missed));
            harvest.batch.put(&MISSED, service, &all);
            change.dropped = oldest.len();
            change.missed = Some(all);
        }
        Ok(())
    }

    /// The rows are durable: lets the lines know.
    fn queued(&self, gathered: Gathered) {
        for (service, change) in gathered {
            let line = self.line(&service);
            line.add_rows(change.rows);
            line.remove_rows(change.dropped);
            if let Some(missed) = change.missed {
                tracing::error!(
                    service,
                    rows = change.dropped,
                    in_all = missed.rows,
                    "too much waits for an application service; it will not hear of the oldest"
                );
                line.has_missed(missed);
                metrics::counter!("appservice_rows_dropped_total", "service" => service)
                    .increment(change.dropped as u64);
            }
            line.wake.notify_one();
        }
    }

    fn now_ms(&self) -> u64 {
        self.0.parts.clock.now_ms()
    }
}

impl Harvest {
    fn queue(&mut self, service: &str, position: StreamPos, row: &QueueRow) {
        self.batch.put(&QUEUE, &(service.to_owned(), position, row.code()), row);
        self.gathered.entry(service.to_owned()).or_default().rows += 1;
    }
}

/// Who came or went by a member event.
pub(super) fn member_change(pdu: &Pdu) -> Option<(ruma::OwnedUserId, bool)> {
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

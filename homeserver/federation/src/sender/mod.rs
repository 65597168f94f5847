//! What leaves for other servers: events of local users and EDUs, one transaction at a time for each destination.
//!
//! [`feed`] reads the stream of facts by its own cursor and writes one row for each destination in the batch that moves
//! the cursor, so a crash loses nothing. [`courier`] gives the destinations their turns, one after the other; what a
//! destination gets is frozen with its id before the first attempt and repeated byte for byte until it is answered
//! ([`transaction`]). A destination that fails is left alone for a while ([`back_off`]) until it speaks to us. Typing,
//! receipts and presence live in memory ([`ephemeral`]). Never here: what comes in, and who may join what.
//! See <https://spec.matrix.org/v1.19/server-server-api/#transactions>.

mod back_off;
mod carrier;
mod completed;
mod courier;
mod devices;
mod ephemeral;
mod fan_out;
mod feed;
mod handshaken;
pub mod limits;
mod queues;
mod report;
mod restored;
mod schedule;
mod sticky;
pub(crate) mod tables;
#[cfg(test)]
mod tests;
mod transaction;
mod watch;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use accounts::Accounts;
use base::{Clock, Rng, Shutdown};
use keys::Keys;
use parking_lot::Mutex;
use rooms::{Rooms, RoomsError};
use ruma::{OwnedServerName, ServerName};
use store::{Batch, Scan, Store, StoreError};
use tokio::sync::Notify;

pub(crate) use carrier::SignedCarrier;
pub use carrier::{Carrier, Undelivered};
pub use feed::CURSOR as STREAM_READER;
pub use report::{DestinationReport, OwedRoom};
pub use restored::after_restore;
use schedule::Schedule;
use tables::{DESTINATION, DestinationRow, FROZEN, OWED_ROOM, QUEUED_EDU, QUEUED_EVENT};

use self::limits::{
    PAGE_ROWS, QUEUED_EDUS_PER_DESTINATION_MAX, QUEUED_EVENTS_PER_DESTINATION_MAX, START_SPREAD_MS_MAX,
    START_SPREAD_MS_PER_DESTINATION,
};

/// What [`Sender`] is built from.
pub struct SenderParts {
    /// Where the queues are.
    pub store: Store,
    /// Rooms and who is in them.
    pub rooms: Rooms,
    /// Devices of local users.
    pub accounts: Accounts,
    /// Their keys, and their messages to devices.
    pub keys: Keys,
    /// The time.
    pub clock: Clock,
    /// Chance, for pauses.
    pub rng: Rng,
    /// This server.
    pub server_name: OwnedServerName,
    /// Whether other servers are told what people call their devices.
    pub device_names_shared: bool,
    /// The way to other servers.
    pub carrier: Arc<dyn Carrier>,
}

/// The sender to other servers. Clones share one state.
#[derive(Clone)]
pub struct Sender(Arc<Inner>);

struct Inner {
    parts: SenderParts,
    schedule: Mutex<Schedule>,
    /// Somebody's turn may have come.
    work: Notify,
    /// The number of the next transaction of this process.
    transactions: AtomicU64,
    /// When this process began, in microseconds: together with the number a transaction id that never comes again.
    started_us: u64,
}

/// What can go wrong while the sender works; it tries again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SenderError {
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A room could not be read.
    #[error(transparent)]
    Rooms(#[from] RoomsError),
    /// Keys could not be read.
    #[error(transparent)]
    Keys(#[from] keys::KeysError),
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("server_name", &self.0.parts.server_name).finish_non_exhaustive()
    }
}

impl Sender {
    /// Reads how the destinations stand. Sends nothing before [`Sender::run`].
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn open(parts: SenderParts) -> Result<Self, StoreError> {
        let started_us = parts.clock.now_us();
        let sender = Self(Arc::new(Inner {
            parts,
            schedule: Mutex::default(),
            work: Notify::new(),
            transactions: AtomicU64::new(0),
            started_us,
        }));
        sender.load().await?;
        Ok(sender)
    }

    /// Follows the stream and sends until the server stops.
    pub async fn run(&self, shutdown: Shutdown) {
        tokio::join!(
            self.feed(shutdown.clone()),
            self.watch_ephemeral(shutdown.clone()),
            self.deliver(shutdown)
        );
    }

    /// A peer made an authenticated request: it can be reached again, as far as it is concerned.
    pub fn heard_from(&self, server: &ServerName) {
        if self.0.schedule.lock().get(server).is_some_and(|destination| destination.row.failures > 0) {
            self.forgive(server);
        }
    }

    /// Ends the pause of a destination; whether it is known.
    pub fn forgive(&self, server: &ServerName) -> bool {
        let now_ms = self.0.parts.clock.now_ms();
        let row = {
            let mut schedule = self.0.schedule.lock();
            if schedule.get(server).is_none() {
                return false;
            }
            schedule.unpause(server);
            let row = &mut schedule.get_mut(server).row;
            (row.failures, row.failing_since_ms, row.retry_at_ms) = (0, None, 0);
            let row = row.clone();
            schedule.plan(server, now_ms);
            row
        };
        let mut batch = Batch::new();
        batch.put(&DESTINATION, server, &row);
        // Not worth waiting for: after a crash the destination speaks again or its pause ends.
        drop(self.0.parts.store.submit(batch));
        self.0.work.notify_one();
        true
    }

    /// A server that shares, or is about to share, a room with local users. Until there is one the stream is not
    /// looked at.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn meet(&self, server: &ServerName) -> Result<(), StoreError> {
        if *server == self.0.parts.server_name || self.0.schedule.lock().get(server).is_some() {
            return Ok(());
        }
        let mut batch = Batch::new();
        batch.put(&DESTINATION, server, &DestinationRow::default());
        self.0.parts.store.commit(batch).await?;
        self.0.schedule.lock().get_mut(server);
        Ok(())
    }

    /// More than one look at the store counts.
    async fn count_edus(&self, server: &ServerName) -> Result<usize, StoreError> {
        let (mut count, mut last) = (0, None);
        while count < QUEUED_EDUS_PER_DESTINATION_MAX {
            let mut scan = Scan::prefix(server).limit(PAGE_ROWS);
            if let Some(last) = &last {
                scan = scan.after(last);
            }
            let page = self.0.parts.store.scan_keys(&QUEUED_EDU, scan).await?;
            count += page.len();
            last = page.last().cloned();
            if page.len() < PAGE_ROWS {
                break;
            }
        }
        Ok(count)
    }

    async fn load(&self) -> Result<(), StoreError> {
        let store = &self.0.parts.store;
        let now_ms = self.0.parts.clock.now_ms();
        let mut waiting = Vec::new();
        let mut last: Option<OwnedServerName> = None;
        loop {
            let mut scan = Scan::all().limit(PAGE_ROWS);
            if let Some(last) = &last {
                scan = scan.after(last);
            }
            let page = store.scan(&DESTINATION, scan).await?;
            let Some((server, _)) = page.last() else { break };
            last = Some(server.clone());
            for (server, row) in page {
                let events = Scan::prefix(&server).limit(QUEUED_EVENTS_PER_DESTINATION_MAX);
                let events = store.count(&QUEUED_EVENT, events).await?;
                let edus = self.count_edus(&server).await?;
                let catching_up = store.count(&OWED_ROOM, Scan::prefix(&server).limit(1)).await? > 0;
                let frozen = store.exists(&FROZEN, &server).await?;
                let mut schedule = self.0.schedule.lock();
                let destination = schedule.get_mut(&server);
                destination.row = row;
                destination.events = events;
                destination.edus = edus;
                destination.frozen = frozen;
                destination.catching_up = catching_up;
                waiting.push(server);
            }
        }
        let spread_ms = (waiting.len() as u64 * START_SPREAD_MS_PER_DESTINATION).min(START_SPREAD_MS_MAX);
        let mut schedule = self.0.schedule.lock();
        for server in waiting {
            // Not all at once, and nobody before the end of the pause it had.
            let from_ms = now_ms + self.0.parts.rng.below(spread_ms + 1);
            let row = &mut schedule.get_mut(&server).row;
            row.retry_at_ms = row.retry_at_ms.max(from_ms);
            schedule.plan(&server, now_ms);
        }
        Ok(())
    }
}

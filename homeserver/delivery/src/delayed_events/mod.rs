//! Delayed events (MSC4140): events that the server sends in a user's name at a later time, unless the
//! user's client says otherwise before.
//!
//! A delayed event is a row before its client hears of it. Timers in memory only repeat what the rows
//! say, so a restart loses nothing: what became due meanwhile is sent at once, in order. Sending is
//! exactly once, because the event carries a transaction of the delay id: a crash between sending and
//! noting it is healed by the repeat. Whether the user may send it is decided by the room at that
//! time, like for any other event; whoever is locked out, suspended or gone by then sends nothing but that they are no longer in a
//! call. Never speaks HTTP.
//!
//! Begin with [`DelayedEvents`], go on to `schedule.rs`, `actions.rs` and `worker.rs`.

mod actions;
mod error;
pub mod limits;
mod list;
mod schedule;
mod tables;
mod timers;
mod worker;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use accounts::Accounts;
use base::{Clock, Rng};
use rooms::Rooms;
use store::{Scan, Store, StoreError};
use tokio::sync::{Mutex, MutexGuard};

pub(crate) use self::tables::tables;
pub use self::{
    error::DelayedEventError,
    list::{DelayedEvent, DelayedEventPage, DelayedEventQuery, Status},
    schedule::NewDelayedEvent,
    tables::{Failure, Outcome},
    worker::SendLimit,
};
use self::{limits::LOCKS, tables::SCHEDULED, timers::Timers};

/// What [`DelayedEvents`] is built from.
pub struct DelayedEventsParts {
    /// Where everything is kept.
    pub store: Store,
    /// Who may still act.
    pub accounts: Accounts,
    /// Sends them.
    pub rooms: Rooms,
    /// The time.
    pub clock: Clock,
    /// Chance, for ids that nobody guesses.
    pub rng: Rng,
    /// Choices of the operator.
    pub settings: DelayedEventSettings,
}

/// Choices of the operator.
#[derive(Clone, Copy, Debug)]
pub struct DelayedEventSettings {
    /// Longest delay, in ms.
    pub delay_ms_max: u64,
    /// Scheduled events that one user may have.
    pub scheduled_per_user_max: usize,
}

impl Default for DelayedEventSettings {
    fn default() -> Self {
        Self { delay_ms_max: 24 * 60 * 60 * 1_000, scheduled_per_user_max: 100 }
    }
}

/// All delayed events of this server. Cloning it is one reference count.
#[derive(Clone)]
pub struct DelayedEvents(Arc<Inner>);

struct Inner {
    parts: DelayedEventsParts,
    timers: Timers,
    locks: Vec<Mutex<()>>,
    hasher: RandomState,
}

impl DelayedEvents {
    /// Reads the timers from the store. Sends nothing before [`DelayedEvents::run`].
    ///
    /// # Errors
    /// The store's own.
    pub async fn open(parts: DelayedEventsParts) -> Result<Self, StoreError> {
        let timers = Timers::default();
        let mut last: Option<String> = None;
        loop {
            let mut scan = Scan::all();
            if let Some(last) = &last {
                scan = scan.after(last);
            }
            let page = parts.store.scan(&SCHEDULED, scan).await?;
            let Some((id, _)) = page.last() else { break };
            last = Some(id.clone());
            for (id, row) in page {
                timers.set(&id, row.due_at_ms());
            }
        }
        let locks = (0..LOCKS).map(|_| Mutex::default()).collect();
        Ok(Self(Arc::new(Inner { parts, timers, locks, hasher: RandomState::new() })))
    }

    /// What the operator decided.
    #[must_use]
    pub fn settings(&self) -> &DelayedEventSettings {
        &self.0.parts.settings
    }

    /// Keeps sending, cancelling and restarting of one event apart.
    async fn lock(&self, id: &str) -> Option<MutexGuard<'_, ()>> {
        let index = usize::try_from(self.0.hasher.hash_one(id) % LOCKS as u64).unwrap_or(0);
        match self.0.locks.get(index) {
            Some(lock) => Some(lock.lock().await),
            None => None,
        }
    }
}

//! Keeping calendars, and answering when people are busy.

mod busy;
mod grants;
mod home;
mod objects;
mod policy;
mod secrets;

use std::{collections::HashMap, sync::Arc};

use base::{Clock, Rng};
use outbound::Outbound;
use parking_lot::Mutex;
use ruma::OwnedServerName;
use store::Store;
use tokio::sync::Notify;

pub(crate) use self::objects::{Object, Version};
pub use self::{
    busy::{Availability, FreeBusy},
    grants::{Asker, Tier},
    home::{Home, HomeError},
    secrets::Password,
};
use crate::{Busy, Span, Zone};

/// What [`Calendars`] is built from.
#[derive(Clone)]
pub struct CalendarsParts {
    /// The bots' store, opened with [`crate::tables()`] among its tables.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Chance, for passwords and private addresses.
    pub rng: Rng,
    /// The server whose people have calendars here.
    pub server_name: OwnedServerName,
    /// The homeserver of these people, where it can be asked.
    pub home: Option<Arc<dyn Home>>,
    /// The guarded client for calendars elsewhere.
    pub outbound: Outbound,
    /// The zone of times that name none.
    pub zone: Zone,
    /// Whether passwords of CalDAV servers may travel without TLS: where all of these servers are inside.
    pub allows_plain_sources: bool,
}

/// The calendars of the people of this server. Cloning it is one reference count.
#[derive(Clone)]
pub struct Calendars(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub parts: CalendarsParts,
    /// What CalDAV servers answered a moment ago, by owner and source.
    pub answers: Mutex<HashMap<(String, String), Answered>>,
    /// Somebody named another calendar.
    pub sources_changed: Notify,
    /// Something is to be handed to the mail server.
    pub post_waits: Notify,
    /// Wrong passwords, by account: since when, and how many.
    pub failures: Mutex<HashMap<String, (u64, u32)>>,
}

/// An answer about somebody's time.
#[derive(Clone)]
pub(crate) struct Answered {
    pub at_ms: u64,
    pub within: Span,
    pub intervals: Arc<Vec<Busy>>,
}

impl Calendars {
    /// Puts the parts together; nothing is read yet.
    #[must_use]
    pub fn new(parts: CalendarsParts) -> Self {
        Self(Arc::new(Inner {
            parts,
            answers: Mutex::default(),
            sources_changed: Notify::new(),
            post_waits: Notify::new(),
            failures: Mutex::default(),
        }))
    }

    /// The store, for those who commit what is put into their batches.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.parts.store
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.0.parts.clock.now_ms()
    }
}

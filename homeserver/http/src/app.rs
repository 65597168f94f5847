//! What a handler can reach: the domain crates, by one cheap handle.

use std::{ops::Deref, sync::Arc};

use accounts::Accounts;
use administration::{Administration, TurnSettings};
use base::{Background, Clock, Rng, Shutdown};
use delivery::{appservices::Services, delayed_events::DelayedEvents, push::Push};
use federation::Federation;
use flows::Flows;
use keys::Keys;
use media::Media;
use rooms::Rooms;
use search::Search;
use store::Store;
use sync::Sync;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::{
    neighbours::Neighbours, rate_limits::RateLimits, rendezvous::Rendezvous, settings::HttpSettings,
};

/// The handle that every handler gets; cloning it is one reference count.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// The parts that `server` plugs together.
pub struct AppParts {
    /// The store, for the snapshot that a read starts from.
    pub store: Store,
    /// Users, devices, tokens, account data.
    pub accounts: Accounts,
    /// Rooms and their events.
    pub rooms: Rooms,
    /// Other servers.
    pub federation: Federation,
    /// To-device messages and device lists.
    pub keys: Keys,
    /// `/sync`.
    pub sync: Sync,
    /// Messages, people and public rooms by their words.
    pub search: Search,
    /// Events that are sent later.
    pub delayed_events: DelayedEvents,
    /// Audit stream, reports, background tasks.
    pub administration: Administration,
    /// What the operator says about TURN.
    pub turn: TurnSettings,
    /// Application services.
    pub services: Services,
    /// Pushers and notifications.
    pub push: Push,
    /// Content, thumbnails, URL previews.
    pub media: Media,
    /// Use cases that cross domains.
    pub flows: Flows,
    /// Mailboxes of devices that log in by QR code.
    pub rendezvous: Rendezvous,
    /// Where requests of services of others are worked on.
    pub background: Background,
    /// Rate limits by user or address and action.
    pub limits: RateLimits,
    /// What else is served on the same ports.
    pub neighbours: Neighbours,
    /// Settings of the HTTP surface.
    pub settings: HttpSettings,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub rng: Rng,
    /// Triggered when the server stops; long polls answer then.
    pub shutdown: Shutdown,
}

struct Inner {
    parts: AppParts,
    requests: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl App {
    /// Makes the handle from its parts.
    pub fn new(parts: AppParts) -> Self {
        let requests = Arc::new(Semaphore::new(parts.settings.requests_max.min(Semaphore::MAX_PERMITS)));
        Self(Arc::new(Inner { parts, requests, tasks: TaskTracker::new() }))
    }

    /// Requests that outlive their connection: a write is finished even when the client went away.
    /// Whoever stops the server closes this tracker and waits for it.
    pub fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }

    pub(crate) fn requests(&self) -> &Arc<Semaphore> {
        &self.0.requests
    }
}

impl Deref for App {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0.parts
    }
}

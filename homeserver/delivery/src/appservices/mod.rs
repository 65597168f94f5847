//! Application services: what they are told, and what they are asked.
//!
//! Parts that know each other by rows only. The [`feed`] reads the stream by its own cursor and writes a small row for
//! each service that an event concerns, in the batch that moves the cursor. A line for each service freezes rows into a
//! transaction, bytes and number, and sends it until it is accepted. Typing and presence come from memory, messages to
//! devices from their queues. So a crash between any two steps loses nothing, and repeats at most a request whose
//! answer was lost, with the same number.
//! [Application Service API](https://spec.matrix.org/v1.19/application-service-api/)

mod courier;
mod devices;
mod draft;
mod ephemeral;
mod error;
mod feed;
mod interest;
mod kept_keys;
mod line;
mod lists;
mod questions;
mod restored;
mod speaking;
mod tables;
mod transaction;

use std::{collections::HashMap, sync::Arc, time::Duration};

use accounts::{Accounts, ReservedNames};
use appservice::{AppserviceError, Appservices};
use base::{Background, Clock, Rng, Shutdown};
use keys::Keys;
use model::StreamPos;
use parking_lot::Mutex;
use rooms::Rooms;
use ruma::UserId;
use store::{Store, StoreError};

pub use self::{
    error::ServicesError,
    feed::CURSOR as STREAM_READER,
    line::Health,
    lists::instance_id,
    restored::after_restore,
    tables::{Missed, tables},
};

/// What [`Services`] is built from.
pub struct ServicesParts {
    /// The store that holds the tables of [`tables`].
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Chance, for spreading retries.
    pub rng: Rng,
    /// Who is registered, and the way to them.
    pub appservices: Appservices,
    /// Users and devices.
    pub accounts: Accounts,
    /// Events, members, typing, presence.
    pub rooms: Rooms,
    /// Messages to devices, device lists, key counts.
    pub keys: Keys,
    /// Whether services are asked for keys of their users' devices that this server has not (MSC3983, MSC3984).
    pub asks_for_keys: bool,
    /// Rows that may wait for one service, each a place in the stream of some fifty bytes. A further one pushes out the oldest,
    /// and that is written down and told.
    pub queue_rows_max: usize,
    /// Where services of others are sent to.
    pub background: Background,
}

/// What application services are owed. Cloning it is one reference count.
#[derive(Clone)]
pub struct Services(Arc<Inner>);

struct Inner {
    parts: ServicesParts,
    signals: Arc<feed::Signals>,
    interests: interest::Interests,
    lines: Mutex<HashMap<String, Arc<line::Line>>>,
    /// The frontier when this was opened, before anybody was served.
    opened_at: StreamPos,
}

/// A service as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceStatus {
    /// Its id.
    pub id: String,
    /// Its address.
    pub url: Option<String>,
    /// Its own user.
    pub sender: String,
    /// Rows that wait for it.
    pub rows: usize,
    /// What it will never hear of, because too much waited for it.
    pub missed: Option<Missed>,
    /// How delivery stands.
    pub health: Health,
}

impl Services {
    /// Counts what an earlier run left; sends nothing before [`Services::run`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn open(parts: ServicesParts) -> Result<Self, StoreError> {
        let signals = Arc::new(feed::Signals::default());
        parts.store.listen(Arc::clone(&signals) as Arc<dyn store::CommitListener>);
        let services = Self(Arc::new(Inner {
            opened_at: parts.store.frontier(),
            parts,
            signals,
            interests: interest::Interests::default(),
            lines: Mutex::default(),
        }));
        services.count_rows().await?;
        Ok(services)
    }

    /// Fills the queues and empties them, until the server stops.
    pub async fn run(self, shutdown: Shutdown) {
        if let Err(error) = self.find_waiting_devices().await {
            tracing::warn!(%error, "look for messages to devices of application services");
        }
        tokio::join!(
            self.feed(shutdown.clone()),
            self.follow_ephemeral(shutdown.clone()),
            self.supervise(shutdown)
        );
    }

    /// Who is registered.
    #[must_use]
    pub fn register(&self) -> &Appservices {
        &self.0.parts.appservices
    }

    /// Asks a service whether it is there. One that is gets what waits for it at once.
    ///
    /// # Errors
    /// No such service, or it does not answer as it should.
    pub async fn ping(&self, id: &str, transaction_id: Option<&str>) -> Result<Duration, AppserviceError> {
        let loaded = self.0.parts.appservices.loaded();
        let service = loaded.by_id(id).ok_or(AppserviceError::Unknown)?;
        let took = self.0.parts.appservices.ping(service, transaction_id).await?;
        self.line(id).retry.notify_one();
        Ok(took)
    }

    /// Has every service tried again now.
    pub fn retry_all(&self) {
        for line in self.0.lines.lock().values() {
            line.retry.notify_one();
        }
    }

    /// Every service in use, in the order of the registrations.
    #[must_use]
    pub fn statuses(&self) -> Vec<ServiceStatus> {
        let loaded = self.0.parts.appservices.loaded();
        let status = |service: &Arc<appservice::Service>| {
            let line = self.line(&service.id);
            ServiceStatus {
                id: service.id.clone(),
                url: service.url.as_ref().map(ToString::to_string),
                sender: service.sender.to_string(),
                rows: line.rows(),
                missed: line.missed(),
                health: line.health(),
            }
        };
        loaded.services.iter().map(status).collect()
    }

    fn line(&self, id: &str) -> Arc<line::Line> {
        Arc::clone(self.0.lines.lock().entry(id.to_owned()).or_default())
    }
}

/// Keeps people from registering the users of services.
pub struct ServiceNames(pub Appservices);

impl ReservedNames for ServiceNames {
    fn is_reserved(&self, user: &UserId) -> bool {
        self.0.loaded().owner_of_user(user).is_some()
    }

    fn is_unlisted(&self, user: &UserId) -> bool {
        self.0.loaded().owner_of_user(user).is_some_and(|service| !service.is_in_user_directory)
    }
}

//! Push notifications: who wants them where, and the queues that carry them.
//!
//! Three parts that know each other by rows only. [`pushers`] keeps where users want to be told. The
//! [`feed`] reads the stream by its own cursor, asks the push rules once per event, and writes one row
//! for each pusher concerned, in the batch that moves the cursor. The [`courier`] takes rows from the
//! front of each queue, and removes a row when the gateway has answered. So a crash between any two
//! steps loses nothing, and repeats at most the request whose answer was lost.
//! [Push Notifications](https://spec.matrix.org/v1.19/client-server-api/#push-notifications)

mod badge;
mod courier;
mod email;
mod error;
mod feed;
mod gateway;
mod notice;
mod pusher;
mod pushers;
mod register;
mod schedule;
mod settings;
mod tables;
mod worth;

use std::sync::Arc;

use accounts::Accounts;
use base::{Clock, Rng, Shutdown};
use mail::Mailer;
use outbound::Outbound;
use rooms::Rooms;
use store::{Store, StoreError};
use tokio::sync::Notify;

pub use self::{
    email::UNSUBSCRIBE_PATH,
    error::PushError,
    feed::CURSOR as STREAM_READER,
    pusher::{NewPusher, Pusher, PusherKind},
    settings::PushSettings,
    tables::tables,
};

/// What [`Push`] is built from.
pub struct PushParts {
    /// The store that holds the tables of [`tables`].
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Chance, for numbers and for spreading retries.
    pub rng: Rng,
    /// Push rules, devices, addresses.
    pub accounts: Accounts,
    /// Events, members, counts.
    pub rooms: Rooms,
    /// The way to gateways.
    pub outbound: Outbound,
    /// The way to mailboxes, if there is one.
    pub mailer: Option<Mailer>,
    /// What the operator decided.
    pub settings: PushSettings,
}

/// Pushers and their queues. Cloning it is one reference count.
#[derive(Clone)]
pub struct Push(Arc<Inner>);

pub(crate) struct Inner {
    pub parts: PushParts,
    pub register: register::Register,
    pub badges: badge::Badges,
    pub schedule: parking_lot::Mutex<schedule::Schedule>,
    /// Something is ready to be delivered.
    pub work: Notify,
}

impl Push {
    /// Reads who has pushers and what is still queued; delivers nothing before [`Push::run`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn open(parts: PushParts) -> Result<Self, StoreError> {
        let schedule = schedule::Schedule::new(parts.settings.requests_per_gateway_max);
        let push = Self(Arc::new(Inner {
            register: register::Register::load(&parts.store).await?,
            badges: badge::Badges::new(),
            schedule: parking_lot::Mutex::new(schedule),
            work: Notify::new(),
            parts,
        }));
        push.load_queues().await?;
        Ok(push)
    }

    /// Feeds the queues and empties them, until the server stops.
    pub async fn run(self, shutdown: Shutdown) {
        tokio::join!(self.feed(shutdown.clone()), self.deliver(shutdown));
    }
}

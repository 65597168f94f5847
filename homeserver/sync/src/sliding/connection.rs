//! The connections that this server remembers, and whose turn it is on each.
//!
//! Memory only and bounded: a connection that is gone is answered with `M_UNKNOWN_POS`, and the client starts over.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::{policy::EvictionPolicy, sync::Cache};
use parking_lot::Mutex;
use ruma::{OwnedDeviceId, OwnedUserId};
use tokio::sync::watch;

use super::{limits, progress::Progress};

/// One connection; requests on it take turns, and a newer one ends the wait of an older one.
pub(crate) struct Connection {
    /// What was told.
    pub progress: tokio::sync::Mutex<Progress>,
    turns: watch::Sender<u64>,
    bytes: AtomicU32,
}

impl Connection {
    fn new() -> Self {
        Self {
            progress: tokio::sync::Mutex::default(),
            turns: watch::Sender::new(0),
            bytes: AtomicU32::new(1_024),
        }
    }

    /// Announces a request; every older one gives up.
    pub fn turn(&self) -> Turn {
        let mut number = 0;
        self.turns.send_modify(|turn| {
            *turn += 1;
            number = *turn;
        });
        Turn { number, turns: self.turns.subscribe() }
    }
}

/// The right to answer, until a newer request comes.
pub(crate) struct Turn {
    number: u64,
    turns: watch::Receiver<u64>,
}

impl Turn {
    /// Returns when a newer request has come.
    pub async fn overtaken(&mut self) {
        let number = self.number;
        if self.turns.wait_for(|turn| *turn > number).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Which connection: the device and the name it gave.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct ConnectionKey {
    /// The user.
    pub user: OwnedUserId,
    /// The device.
    pub device: Option<OwnedDeviceId>,
    /// `conn_id`.
    pub id: String,
}

type DeviceKey = (OwnedUserId, Option<OwnedDeviceId>);

/// All connections.
pub(crate) struct Connections {
    by_key: Cache<ConnectionKey, Arc<Connection>>,
    /// Names of a device's connections, the one used last at the end.
    of_device: Cache<DeviceKey, Arc<Mutex<Vec<String>>>>,
    instances: AtomicU64,
}

impl Default for Connections {
    fn default() -> Self {
        let idle = Duration::from_secs(limits::CONNECTION_IDLE_SECONDS);
        let bytes =
            |_: &ConnectionKey, connection: &Arc<Connection>| connection.bytes.load(Ordering::Relaxed);
        Self {
            by_key: Cache::builder()
                .eviction_policy(EvictionPolicy::lru())
                .weigher(bytes)
                .max_capacity(limits::CONNECTIONS_BYTES_MAX)
                .time_to_idle(idle)
                .build(),
            of_device: Cache::builder().max_capacity(limits::DEVICES_MAX).time_to_idle(idle).build(),
            instances: AtomicU64::new(0),
        }
    }
}

impl Connections {
    /// A connection that exists.
    pub fn find(&self, key: &ConnectionKey) -> Option<Arc<Connection>> {
        let connection = self.by_key.get(key)?;
        self.used(key);
        Some(connection)
    }

    /// The connection of this name, new if need be.
    pub fn open(&self, key: &ConnectionKey) -> Arc<Connection> {
        let connection = self.by_key.get_with(key.clone(), || Arc::new(Connection::new()));
        self.used(key);
        connection
    }

    /// A number that no opening of a connection had before, in this process or an earlier one: `serial` is one of
    /// the streams in memory, which start at the clock.
    pub fn instance(&self, serial: u64) -> u64 {
        let next = |last: u64| Some(serial.max(last.saturating_add(1)));
        let last = self.instances.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        next(last.unwrap_or_else(|last| last)).unwrap_or(serial)
    }

    /// Notes what a connection weighs now.
    pub fn weigh(&self, key: &ConnectionKey, connection: &Arc<Connection>, progress: &Progress) {
        let bytes = u32::try_from(progress.bytes()).unwrap_or(u32::MAX);
        let before = connection.bytes.swap(bytes, Ordering::Relaxed);
        if before != bytes {
            self.by_key.insert(key.clone(), connection.clone());
        }
    }

    fn used(&self, key: &ConnectionKey) {
        let device = (key.user.clone(), key.device.clone());
        let names = self.of_device.get_with(device, Arc::default);
        let mut names = names.lock();
        names.retain(|name| *name != key.id);
        names.push(key.id.clone());
        if names.len() > limits::CONNECTIONS_OF_DEVICE_MAX {
            let id = names.remove(0);
            self.by_key.invalidate(&ConnectionKey { id, ..key.clone() });
        }
    }
}

#[cfg(test)]
mod tests {
    use ruma::user_id;

    use super::*;

    #[test]
    fn a_device_has_a_bounded_number_of_connections() {
        let connections = Connections::default();
        let key = |id: usize| ConnectionKey {
            user: user_id!("@a:b").to_owned(),
            device: Some("D".into()),
            id: id.to_string(),
        };
        for id in 0..limits::CONNECTIONS_OF_DEVICE_MAX {
            connections.open(&key(id));
        }
        assert!(connections.find(&key(0)).is_some(), "used again, so it is not the oldest");
        connections.open(&key(99));
        assert!(connections.find(&key(0)).is_some() && connections.find(&key(99)).is_some());
        assert!(connections.find(&key(1)).is_none());
    }

    #[test]
    fn no_instance_comes_twice() {
        let connections = Connections::default();
        assert_eq!([5, 5, 3, 9].map(|serial| connections.instance(serial)), [5, 6, 7, 9]);
    }

    #[tokio::test]
    async fn a_newer_request_ends_an_older_one() {
        let connection = Connection::new();
        let mut older = connection.turn();
        let newer = connection.turn();
        older.overtaken().await;
        assert_eq!(newer.number, 2);
    }
}

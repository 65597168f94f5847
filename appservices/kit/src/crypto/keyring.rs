//! The keys of one bot in memory: the library's machine on what the store holds.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use matrix_sdk_crypto::OlmMachine;
use parking_lot::Mutex as Lock;
use ruma::{DeviceId, OwnedDeviceId, OwnedRoomId, OwnedUserId, RoomId, UserId};
use store::Store;
use tokio::sync::{Mutex, Notify, RwLock, RwLockReadGuard};

use super::{boundary, fault::CryptoFault, shelves::Shelves, tables::DEVICES};
use crate::limits::AUDIENCES_CACHED_MAX;

/// The keys of one bot.
pub(crate) struct Keyring {
    pub bot: &'static str,
    user: OwnedUserId,
    /// The bot's device, once it is made.
    device: Lock<Option<OwnedDeviceId>>,
    /// Made at the first need. After a failure of the store it is made anew: what is in memory is then ahead of what is
    /// written, and a key that is used twice is no secret any more. Held for reading as long as it is used.
    machine: RwLock<Option<OlmMachine>>,
    shelves: Arc<Shelves>,
    /// One exchange with the homeserver at a time: two would send the same requests.
    pub exchange: Mutex<()>,
    /// There may be something to send.
    pub news: Notify,
}

impl Keyring {
    pub fn new(store: Store, bot: &'static str, user: &UserId) -> Self {
        Self {
            bot,
            user: user.to_owned(),
            device: Lock::default(),
            machine: RwLock::default(),
            shelves: Arc::new(Shelves::new(store, bot)),
            exchange: Mutex::default(),
            news: Notify::new(),
        }
    }

    /// The device with which the bot speaks; none before it is made.
    pub fn device(&self) -> Option<OwnedDeviceId> {
        self.device.lock().clone()
    }

    pub(super) fn speaks_with(&self, device: &DeviceId) {
        *self.device.lock() = Some(device.to_owned());
    }

    pub(super) fn shelves(&self) -> &Shelves {
        &self.shelves
    }

    /// The machine; none while the bot has no device. Never ask for it while holding it.
    pub(super) async fn open(&self) -> Result<Option<RwLockReadGuard<'_, OlmMachine>>, CryptoFault> {
        loop {
            // What cannot be mapped is a lock that is still held.
            match RwLockReadGuard::try_map(self.machine.read().await, Option::as_ref) {
                Ok(machine) => return Ok(Some(machine)),
                Err(unmapped) => drop(unmapped),
            }
            let mut slot = self.machine.write().await;
            if slot.is_none() {
                let Some(row) = self.shelves.store.get(&DEVICES, self.bot).await? else { return Ok(None) };
                let (user, device) = (boundary::user(&self.user)?, boundary::device(&row.device));
                let shelves = Arc::clone(&self.shelves);
                *slot = Some(Box::pin(OlmMachine::with_store(&user, &device, shelves, None)).await?);
            }
        }
    }

    /// Forgets what is in memory. Not to be called by whoever holds the machine.
    pub(super) async fn close(&self) {
        *self.machine.write().await = None;
    }

    /// What came of a use of the machine that is over; after a failure of the store it is made anew.
    pub(super) async fn used<T>(&self, outcome: Result<T, CryptoFault>) -> Result<T, CryptoFault> {
        if let Err(fault) = &outcome
            && fault.is_of_store()
        {
            self.close().await;
        }
        outcome
    }
}

/// Who gets the keys of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Audience {
    /// `m.room.history_visibility`.
    pub visibility: String,
    pub users: Vec<OwnedUserId>,
}

/// The audiences of rooms, until something changes there.
#[derive(Default)]
pub(crate) struct Audiences {
    known: Lock<HashMap<OwnedRoomId, Arc<Audience>>>,
    /// How often something changed anywhere: what was asked for before may be old.
    changes: AtomicU64,
}

impl Audiences {
    /// Somebody came or went.
    pub fn forget(&self, room: &RoomId) {
        let mut known = self.known.lock();
        self.changes.fetch_add(1, Ordering::SeqCst);
        known.remove(room);
    }

    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    pub(super) fn get(&self, room: &RoomId) -> Option<Arc<Audience>> {
        self.known.lock().get(room).cloned()
    }

    /// Keeps what was asked for when there had been so many changes.
    pub(super) fn keep(&self, room: &RoomId, audience: &Arc<Audience>, changes: u64) {
        let mut known = self.known.lock();
        if self.changes() != changes {
            return;
        }
        if known.len() >= AUDIENCES_CACHED_MAX {
            known.clear();
        }
        known.insert(room.to_owned(), Arc::clone(audience));
    }
}

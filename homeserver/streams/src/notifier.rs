//! Who waits for what, and waking exactly those whom a commit concerns.

use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::sync::Arc;

use foldhash::quality::RandomState;
use metrics::Gauge;
use model::StreamPos;
use parking_lot::Mutex;
use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};
use store::{Audience, CommitListener};
use tokio::time::Instant;

use crate::awaited::Awaited;
use crate::limits::NOTIFIER_SHARDS;
use crate::waiter::{Cell, Waiter};

/// The register of waiting readers. Cloning shares it. A reader registers *before* it looks at the data, so that a
/// commit between looking and waiting is not missed. A wake is a hint that something may have changed, never the news.
#[derive(Clone)]
pub struct Notifier(Arc<Register>);

struct Register {
    /// Every member of a room is hashed for every event of it, so the hash is a quick one. Its seed is of this process.
    hasher: RandomState,
    awaited: Awaited,
    shards: [Mutex<Shard>; NOTIFIER_SHARDS],
    /// Readers registered now, for the operator.
    waiting: Gauge,
}

type Shard = HashMap<OwnedUserId, Vec<Registered>, RandomState>;

struct Registered {
    device: Option<OwnedDeviceId>,
    cell: Arc<Cell>,
}

impl Default for Notifier {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Notifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notifier").field("waiters", &self.waiters()).finish()
    }
}

impl Notifier {
    /// A register without waiters. Give it to [`store::Store::listen`] too.
    #[must_use]
    pub fn new() -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        let waiting = metrics::gauge!("lianqiao_waiting_readers");
        let (hasher, awaited) = (RandomState::default(), Awaited::default());
        Self(Arc::new(Register { hasher, awaited, shards, waiting }))
    }

    /// Registers a reader for what concerns `user`, or that device of the user. Dropping the waiter unregisters it.
    pub fn subscribe(&self, user: &UserId, device: Option<&DeviceId>) -> Waiter {
        let cell = Arc::new(Cell::default());
        let registered = Registered { device: device.map(ToOwned::to_owned), cell: Arc::clone(&cell) };
        let hash = self.hash(user);
        self.shard(hash).lock().entry(user.to_owned()).or_default().push(registered);
        self.0.awaited.add(hash);
        self.0.waiting.increment(1.0);
        Waiter::new(self.clone(), user.to_owned(), cell)
    }

    /// Wakes every reader of these users, for streams that are not stored (typing, presence).
    pub fn wake_users(&self, users: &[OwnedUserId]) {
        let now = Instant::now();
        Awaited::settle();
        for user in users {
            self.wake(user, None, now);
        }
    }

    /// Wakes every reader of one user.
    pub fn wake_user(&self, user: &UserId) {
        Awaited::settle();
        self.wake(user, None, Instant::now());
    }

    /// Wakes every reader there is, for example to end long polls at shutdown.
    pub fn wake_everyone(&self) {
        let now = Instant::now();
        for shard in &self.0.shards {
            shard.lock().values().flatten().for_each(|registered| registered.cell.wake(now));
        }
    }

    /// How many readers are registered.
    #[must_use]
    pub fn waiters(&self) -> usize {
        self.0.shards.iter().map(|shard| shard.lock().values().map(Vec::len).sum::<usize>()).sum()
    }

    pub(crate) fn unregister(&self, user: &UserId, cell: &Arc<Cell>) {
        self.0.waiting.decrement(1.0);
        let hash = self.hash(user);
        self.0.awaited.remove(hash);
        let mut shard = self.shard(hash).lock();
        if let Some(registered) = shard.get_mut(user) {
            registered.retain(|other| !Arc::ptr_eq(&other.cell, cell));
            if registered.is_empty() {
                shard.remove(user);
            }
        }
    }

    /// `device`: only readers of this device, or those that named none.
    fn wake(&self, user: &UserId, device: Option<&DeviceId>, now: Instant) {
        let hash = self.hash(user);
        if !self.0.awaited.may_wait(hash) {
            return;
        }
        let shard = self.shard(hash).lock();
        for registered in shard.get(user).into_iter().flatten() {
            let concerned = match (device, &registered.device) {
                (Some(device), Some(waiting)) => device == *waiting,
                _ => true,
            };
            if concerned {
                registered.cell.wake(now);
            }
        }
    }

    fn hash(&self, user: &UserId) -> u64 {
        self.0.hasher.hash_one(user)
    }

    fn shard(&self, hash: u64) -> &Mutex<Shard> {
        // The remainder is below the number of shards, which fits.
        &self.0.shards[(hash % NOTIFIER_SHARDS as u64) as usize]
    }
}

impl CommitListener for Notifier {
    fn committed(&self, audiences: &[Audience], _: StreamPos) {
        let now = Instant::now();
        Awaited::settle();
        // Many commits of a group speak to one busy room, with one shared list of members: walk it once.
        let mut walked: Vec<*const OwnedUserId> = Vec::new();
        for audience in audiences {
            match audience {
                Audience::Everyone => return self.wake_everyone(),
                Audience::User(user) => self.wake(user, None, now),
                Audience::Device(user, device) => self.wake(user, Some(device), now),
                Audience::Users(users) => {
                    if !walked.contains(&users.as_ptr()) {
                        walked.push(users.as_ptr());
                        users.iter().for_each(|user| self.wake(user, None, now));
                    }
                }
            }
        }
    }
}

//! What memory knows of the to-device queues, so that a sync of a device without messages costs no read.
//!
//! The newest position of a queue is written by the committer before the frontier moves. A reader that first takes
//! a snapshot and then looks here therefore never misses a message that its snapshot holds.

use std::collections::HashMap;

use model::StreamPos;
use parking_lot::Mutex;
use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};

use crate::limits::QUEUES_REMEMBERED_MAX;

/// One queue as memory knows it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Queue {
    /// Position of the newest message that was ever put in; never too low.
    pub latest: StreamPos,
    /// About how many messages wait.
    pub length: usize,
    /// Whether the length was read from the store.
    pub loaded: bool,
}

/// The queues of all devices that were looked at since the start.
#[derive(Default)]
pub(crate) struct Queues(Mutex<HashMap<(OwnedUserId, OwnedDeviceId), Queue>>);

impl Queues {
    /// What is known of a queue once it was loaded.
    pub fn get(&self, user: &UserId, device: &DeviceId) -> Option<Queue> {
        self.0.lock().get(&(user.to_owned(), device.to_owned())).copied().filter(|queue| queue.loaded)
    }

    /// Merges what the store said with what was committed meanwhile.
    pub fn loaded(&self, user: &UserId, device: &DeviceId, latest: StreamPos, length: usize) -> Queue {
        let mut queues = self.0.lock();
        if queues.len() >= QUEUES_REMEMBERED_MAX {
            queues.clear();
        }
        let queue = queues.entry((user.to_owned(), device.to_owned())).or_default();
        queue.latest = queue.latest.max(latest);
        queue.length = queue.length.max(length);
        queue.loaded = true;
        *queue
    }

    /// A message was committed at `position`.
    pub fn pushed(&self, user: OwnedUserId, device: OwnedDeviceId, position: StreamPos) {
        let mut queues = self.0.lock();
        let queue = queues.entry((user, device)).or_default();
        queue.latest = queue.latest.max(position);
        queue.length += 1;
    }

    /// The device is gone; one that takes its id begins anew.
    pub fn forget(&self, user: &UserId, device: &DeviceId) {
        self.0.lock().remove(&(user.to_owned(), device.to_owned()));
    }

    /// `count` messages were deleted.
    pub fn shrunk(&self, user: &UserId, device: &DeviceId, count: usize) {
        if let Some(queue) = self.0.lock().get_mut(&(user.to_owned(), device.to_owned())) {
            queue.length = queue.length.saturating_sub(count);
        }
    }
}

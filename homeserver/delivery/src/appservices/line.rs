//! What memory holds of one service: what it is to be told that is never stored, and how delivery stands.

use std::{
    collections::{BTreeSet, HashMap},
    sync::atomic::{AtomicI64, Ordering},
};

use model::{RoomNum, StreamPos};
use parking_lot::Mutex;
use ruma::{OwnedDeviceId, OwnedUserId};
use tokio::sync::Notify;

use super::tables::Missed;
use crate::limits::{SERVICE_COUNTS_REMEMBERED_MAX, SERVICE_WAITING_MAX};

/// Whose device.
pub(super) type DeviceKey = (OwnedUserId, OwnedDeviceId);

/// One service.
#[derive(Default)]
pub(super) struct Line {
    /// There may be something to send.
    pub wake: Notify,
    /// The operator, or a ping, says that it is worth a try now.
    pub retry: Notify,
    /// Rows that wait. Below nothing for a moment: who sends them may take some away before who queued them has counted them.
    rows: AtomicI64,
    waiting: Mutex<Waiting>,
    told: Mutex<HashMap<DeviceKey, StreamPos>>,
    health: Mutex<Health>,
    missed: Mutex<Option<Missed>>,
}

/// What is only in memory. Losing it costs a service a typing notice; the messages of devices are in the store.
#[derive(Default)]
pub(super) struct Waiting {
    pub typing: BTreeSet<RoomNum>,
    pub presence: BTreeSet<OwnedUserId>,
    /// Devices that may have messages, or other key counts than before.
    pub devices: BTreeSet<DeviceKey>,
}

/// How delivery to a service stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Tries that failed since the last success.
    pub failures: u32,
    /// What the last one said.
    pub last_error: Option<String>,
}

impl Line {
    pub fn add_typing(&self, room: RoomNum) {
        let mut waiting = self.waiting.lock();
        if waiting.typing.len() < SERVICE_WAITING_MAX {
            waiting.typing.insert(room);
        }
        drop(waiting);
        self.wake.notify_one();
    }

    pub fn add_presence(&self, user: OwnedUserId) {
        let mut waiting = self.waiting.lock();
        if waiting.presence.len() < SERVICE_WAITING_MAX {
            waiting.presence.insert(user);
        }
        drop(waiting);
        self.wake.notify_one();
    }

    /// A device that does not fit is found again at the next start, or when the next message comes.
    pub fn add_device(&self, device: DeviceKey) {
        let mut waiting = self.waiting.lock();
        if waiting.devices.len() < SERVICE_WAITING_MAX {
            waiting.devices.insert(device);
        }
        drop(waiting);
        self.wake.notify_one();
    }

    /// Takes some of what waits, at most `ephemeral` notices and `devices` devices.
    pub fn take(&self, ephemeral: usize, devices: usize) -> Waiting {
        let mut waiting = self.waiting.lock();
        let typing = take(&mut waiting.typing, ephemeral);
        let presence = take(&mut waiting.presence, ephemeral - typing.len());
        Waiting { typing, presence, devices: take(&mut waiting.devices, devices) }
    }

    /// Puts back what was not sent after all.
    pub fn put_back(&self, unsent: Waiting) {
        let mut waiting = self.waiting.lock();
        waiting.typing.extend(unsent.typing);
        waiting.presence.extend(unsent.presence);
        waiting.devices.extend(unsent.devices);
    }

    /// The position of the key counts that the service was told last, if memory knows.
    pub fn told_counts(&self, device: &DeviceKey) -> Option<StreamPos> {
        self.told.lock().get(device).copied()
    }

    pub fn tell_counts(&self, device: DeviceKey, changed: StreamPos) {
        let mut told = self.told.lock();
        if told.len() >= SERVICE_COUNTS_REMEMBERED_MAX {
            told.clear();
        }
        told.insert(device, changed);
    }

    pub fn health(&self) -> Health {
        self.health.lock().clone()
    }

    pub fn succeeded(&self) {
        *self.health.lock() = Health::default();
    }

    /// Notes a failure; how many there are in a row.
    pub fn failed(&self, reason: String) -> u32 {
        let mut health = self.health.lock();
        health.failures = health.failures.saturating_add(1);
        health.last_error = Some(reason);
        health.failures
    }

    /// What the service will never hear of.
    pub fn missed(&self) -> Option<Missed> {
        self.missed.lock().clone()
    }

    pub fn has_missed(&self, missed: Missed) {
        *self.missed.lock() = Some(missed);
    }

    pub fn rows(&self) -> usize {
        usize::try_from(self.rows.load(Ordering::Relaxed)).unwrap_or_default()
    }

    pub fn add_rows(&self, count: usize) {
        self.rows.fetch_add(signed(count), Ordering::Relaxed);
    }

    pub fn remove_rows(&self, count: usize) {
        self.rows.fetch_sub(signed(count), Ordering::Relaxed);
    }
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn take<T: Ord>(set: &mut BTreeSet<T>, count: usize) -> BTreeSet<T> {
    std::iter::from_fn(|| set.pop_first()).take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_taken_before_they_are_counted_leave_none_behind() {
        let line = Line::default();
        line.remove_rows(3);
        assert_eq!(line.rows(), 0);
        line.add_rows(5);
        assert_eq!(line.rows(), 2);
    }
}

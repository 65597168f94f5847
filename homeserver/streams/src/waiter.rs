//! One waiting reader.

use std::sync::Arc;

use parking_lot::Mutex;
use ruma::OwnedUserId;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::notifier::Notifier;

/// What the notifier and a waiter share: whether a wake is unanswered, since when, and the way to the task.
#[derive(Default)]
pub(crate) struct Cell {
    woken_at: Mutex<Option<Instant>>,
    notify: Notify,
}

impl Cell {
    /// Wakes the waiter, unless an earlier wake is still unanswered.
    pub(crate) fn wake(&self, now: Instant) {
        let mut woken_at = self.woken_at.lock();
        if woken_at.is_none() {
            *woken_at = Some(now);
            drop(woken_at);
            self.notify.notify_one();
        }
    }
}

/// A registered reader. Any number of wakes between two calls of [`Waiter::changed`] count as one.
#[must_use = "a dropped waiter hears nothing"]
pub struct Waiter {
    notifier: Notifier,
    user: OwnedUserId,
    cell: Arc<Cell>,
    woken_at: Option<Instant>,
}

impl std::fmt::Debug for Waiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiter").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Waiter {
    pub(crate) const fn new(notifier: Notifier, user: OwnedUserId, cell: Arc<Cell>) -> Self {
        Self { notifier, user, cell, woken_at: None }
    }

    /// Returns when something that concerns this reader was committed after it registered, or after the last call
    /// returned. Safe to drop and call again.
    pub async fn changed(&mut self) {
        loop {
            if let Some(woken_at) = self.cell.woken_at.lock().take() {
                self.woken_at = Some(woken_at);
                return;
            }
            self.cell.notify.notified().await;
        }
    }

    /// When the wake that [`Waiter::changed`] last returned was given; for the measure of wake to answer.
    #[must_use]
    pub const fn woken_at(&self) -> Option<Instant> {
        self.woken_at
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.notifier.unregister(&self.user, &self.cell);
    }
}

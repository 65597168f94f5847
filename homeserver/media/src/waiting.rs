//! Downloads that wait for an upload. A hint only: whoever waits looks into the store after each wake.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::limits::WAITING_MAX;

/// Who waits for which media id.
#[derive(Default)]
pub(crate) struct Waiting(Mutex<HashMap<String, Waiters>>);

#[derive(Default)]
struct Waiters {
    notify: Arc<Notify>,
    count: usize,
}

/// A place in the queue; dropping it gives it up.
pub(crate) struct Waiter<'a> {
    waiting: &'a Waiting,
    media_id: String,
    notify: Arc<Notify>,
}

impl Waiting {
    /// Registers for an id; none when too many wait already. Register first, then look.
    pub fn register(&self, media_id: &str) -> Option<Waiter<'_>> {
        let mut all = self.0.lock();
        if all.len() >= WAITING_MAX {
            return None;
        }
        let waiters = all.entry(media_id.to_owned()).or_default();
        waiters.count += 1;
        let notify = Arc::clone(&waiters.notify);
        Some(Waiter { waiting: self, media_id: media_id.to_owned(), notify })
    }

    /// Wakes everybody who waits for an id.
    pub fn wake(&self, media_id: &str) {
        if let Some(waiters) = self.0.lock().get(media_id) {
            waiters.notify.notify_waiters();
        }
    }
}

impl Waiter<'_> {
    /// A future that is woken by every [`Waiting::wake`] after this call.
    pub fn woken(&self) -> tokio::sync::futures::Notified<'_> {
        self.notify.notified()
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut all = self.waiting.0.lock();
        if let Some(waiters) = all.get_mut(&self.media_id) {
            waiters.count -= 1;
            if waiters.count == 0 {
                all.remove(&self.media_id);
            }
        }
    }
}

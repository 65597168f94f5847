//! Sends what is due, the moment it is due.

use std::collections::HashMap;
use std::time::Duration;

use base::Shutdown;
use futures_util::StreamExt as _;
use ruma::{OwnedRoomId, UserId};
use tokio::time::Instant;

use super::{
    DelayedEventError, DelayedEvents,
    limits::{DUE_AT_ONCE_MAX, RETRY_AFTER_MS, ROOMS_AT_ONCE_MAX, SLEEP_MAX},
};

/// Counts what users send; a delayed event counts when it is sent.
pub trait SendLimit: Send + Sync {
    /// Counts one event of a user, or says how many ms to wait.
    fn count(&self, user: &UserId, is_state: bool) -> Result<(), u64>;
}

impl DelayedEvents {
    /// Sends due events until the server stops. What was due before the start goes first, in order.
    pub async fn run(self, limit: &dyn SendLimit, shutdown: Shutdown) {
        while !shutdown.is_triggered() {
            let now_ms = self.0.parts.clock.now_ms();
            let due = self.0.timers.due(now_ms, DUE_AT_ONCE_MAX);
            if !due.is_empty() {
                self.send_all(due, limit, &shutdown).await;
                continue;
            }
            let sleep = self.0.timers.next_due_at_ms().map_or(SLEEP_MAX, |due_at_ms| {
                Duration::from_millis(due_at_ms.saturating_sub(now_ms)).min(SLEEP_MAX)
            });
            tokio::select! {
                () = shutdown.wait() => {}
                () = self.0.timers.changed() => {}
                () = tokio::time::sleep_until(Instant::now() + sleep) => {}
            }
        }
    }

    /// Sends into several rooms at once, and into each in the order of the due times.
    async fn send_all(&self, due: Vec<String>, limit: &dyn SendLimit, shutdown: &Shutdown) {
        let mut rooms: HashMap<Option<OwnedRoomId>, Vec<String>> = HashMap::new();
        for id in due {
            let room = self.room_of(&id).await;
            rooms.entry(room).or_default().push(id);
        }
        let into_room = |ids: Vec<String>| async move {
            for id in ids {
                if shutdown.is_triggered() {
                    return;
                }
                self.fire_or_postpone(&id, limit).await;
            }
        };
        futures_util::stream::iter(rooms.into_values().map(into_room))
            .buffer_unordered(ROOMS_AT_ONCE_MAX)
            .collect::<()>()
            .await;
    }

    async fn fire_or_postpone(&self, id: &str, limit: &dyn SendLimit) {
        let outcome = match self.sender_of(id).await {
            Ok(Some((user, is_state))) => match limit.count(&user, is_state) {
                Ok(()) => self.fire(id).await,
                Err(wait_ms) => return self.postpone(id, wait_ms),
            },
            Ok(None) => self.fire(id).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => metrics::counter!("lianqiao_delayed_events_total", "result" => "fired").increment(1),
            Err(DelayedEventError::NotFound) => self.0.timers.remove(id),
            Err(error) => {
                metrics::counter!("lianqiao_delayed_events_total", "result" => "postponed").increment(1);
                tracing::warn!(id, %error, "a delayed event could not be sent; will try again");
                self.postpone(id, RETRY_AFTER_MS);
            }
        }
    }

    /// Moves the timer alone: after a restart the event is simply due.
    fn postpone(&self, id: &str, wait_ms: u64) {
        self.0.timers.set(id, self.0.parts.clock.now_ms().saturating_add(wait_ms.max(1)));
    }

    async fn room_of(&self, id: &str) -> Option<OwnedRoomId> {
        let row = self.0.parts.store.get(&super::tables::SCHEDULED, id).await.ok().flatten();
        row.map(|row| row.room_id)
    }
}

//! Sends what is due, the moment it is due.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use base::Shutdown;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use ruma::{OwnedRoomId, UserId};

use super::{
    DelayedEventError, DelayedEvents,
    limits::{DUE_AT_ONCE_MAX, RETRY_AFTER_MS, ROOMS_AT_ONCE_MAX, SLEEP_MAX},
};

/// Counts what users send; a delayed event counts when it is sent.
pub trait SendLimit: Send + Sync {
    /// Counts one event of a user, or says how many ms to wait.
    fn count(&self, user: &UserId, is_state: bool) -> Result<(), u64>;
}

/// A room, or none for an event that is gone.
type Room = Option<OwnedRoomId>;

impl DelayedEvents {
    /// Sends due events until the server stops. What was due before the start goes first, in order.
    ///
    /// Each room has a line of its own, so one that takes long (its policy server is silent) holds up no other.
    pub async fn run(self, limit: &dyn SendLimit, shutdown: Shutdown) {
        // What is due, by room; and the rooms of these that have not begun.
        let mut lines: HashMap<Room, VecDeque<String>> = HashMap::new();
        let mut waiting: VecDeque<Room> = VecDeque::new();
        let mut sending = FuturesUnordered::new();
        while !shutdown.is_triggered() {
            if waiting.is_empty() {
                for id in self.0.timers.take_due(self.0.parts.clock.now_ms(), DUE_AT_ONCE_MAX) {
                    let room = self.room_of(&id).await;
                    let line = lines.entry(room.clone()).or_insert_with(|| {
                        waiting.push_back(room);
                        VecDeque::new()
                    });
                    line.push_back(id);
                }
            }
            while sending.len() < ROOMS_AT_ONCE_MAX
                && let Some(room) = waiting.pop_front()
                && let Some(id) = lines.get_mut(&room).and_then(VecDeque::pop_front)
            {
                sending.push(self.send_into(room, id, limit));
            }
            let has_place = waiting.is_empty();
            tokio::select! {
                () = shutdown.wait() => {}
                () = self.0.timers.changed(), if has_place => {}
                () = tokio::time::sleep(self.until_next()), if has_place => {}
                Some(room) = sending.next() => match lines.get_mut(&room).and_then(VecDeque::pop_front) {
                    Some(id) => sending.push(self.send_into(room, id, limit)),
                    None => drop(lines.remove(&room)),
                },
            }
        }
        while sending.next().await.is_some() {}
    }

    fn until_next(&self) -> Duration {
        self.0.timers.next_due_at_ms().map_or(SLEEP_MAX, |due_at_ms| {
            let now_ms = self.0.parts.clock.now_ms();
            Duration::from_millis(due_at_ms.saturating_sub(now_ms)).min(SLEEP_MAX)
        })
    }

    async fn send_into(&self, room: Room, id: String, limit: &dyn SendLimit) -> Room {
        self.fire_or_postpone(&id, limit).await;
        room
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

    async fn room_of(&self, id: &str) -> Room {
        let row = self.0.parts.store.get(&super::tables::SCHEDULED, id).await.ok().flatten();
        row.map(|row| row.room_id)
    }
}

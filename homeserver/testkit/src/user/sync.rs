//! How a person hears of things.

use serde_json::Value;

use super::{User, segment};
use crate::Answer;
use crate::limits::{LONG_POLL_MS, SYNC_PATIENCE};

impl User {
    /// Syncs from where this client was, without waiting, and remembers the new place.
    pub async fn syncs(&self) -> Value {
        self.syncs_with("timeout=0").await
    }

    /// Syncs from where this client was with more query parameters, and remembers the new place.
    pub async fn syncs_with(&self, query: &str) -> Value {
        let since = self.since.lock().clone();
        let query = match since {
            Some(since) => format!("{query}&since={}", segment(&since)),
            None => query.to_owned(),
        };
        let body = self.sync_with(&query).await.ok();
        let next = body["next_batch"].as_str().expect("a sync has next_batch").to_owned();
        *self.since.lock() = Some(next);
        body
    }

    /// One `/sync` with exactly this query; the place of this client is neither used nor moved.
    pub async fn sync_with(&self, query: &str) -> Answer {
        self.get(&format!("/_matrix/client/v3/sync?{query}")).await
    }

    /// The place this client has reached in its sync.
    #[must_use]
    pub fn since(&self) -> Option<String> {
        self.since.lock().clone()
    }

    /// Syncs until an answer satisfies the condition, and returns that answer.
    ///
    /// # Panics
    /// When nothing did within [`SYNC_PATIENCE`].
    pub async fn syncs_until(&self, what: &str, mut is_met: impl FnMut(&Value) -> bool) -> Value {
        let deadline = tokio::time::Instant::now() + SYNC_PATIENCE;
        loop {
            let body = self.syncs_with(&format!("timeout={LONG_POLL_MS}")).await;
            if is_met(&body) {
                return body;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{} waited in vain for {what}; the last sync was {body}",
                self.id
            );
        }
    }

    /// Syncs until this event is in the room's timeline, and returns the event.
    pub async fn waits_for_event(&self, room: &str, event: &str) -> Value {
        let body = self
            .syncs_until(&format!("event {event}"), |body| event_in_timeline(body, room, event).is_some())
            .await;
        event_in_timeline(&body, room, event).expect("it was there a moment ago")
    }

    /// Syncs until the room is among the joined ones, and returns its part of the answer.
    pub async fn waits_to_have_joined(&self, room: &str) -> Value {
        let body = self.syncs_until("the join", |body| body["rooms"]["join"].get(room).is_some()).await;
        body["rooms"]["join"][room].clone()
    }

    /// Syncs until the user is invited to the room, and returns the invitation's stripped state.
    pub async fn waits_for_invite(&self, room: &str) -> Value {
        let body =
            self.syncs_until("the invitation", |body| body["rooms"]["invite"].get(room).is_some()).await;
        body["rooms"]["invite"][room].clone()
    }
}

fn event_in_timeline(body: &Value, room: &str, event: &str) -> Option<Value> {
    let events = body["rooms"]["join"][room]["timeline"]["events"].as_array()?;
    events.iter().find(|candidate| candidate["event_id"] == event).cloned()
}

//! How fast platforms are spoken to: a bucket for each rate of each conversation, and of the app.

use std::{collections::HashMap, time::Duration};

use bridge_api::{ConversationId, Pace, Rate};
use parking_lot::Mutex;
use tokio::time::Instant;

/// Buckets of conversations that are kept; full ones go first when there are more.
const BUCKETS_MAX: usize = 10_000;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    rate: Rate,
    /// What may be taken, in parts of a request.
    level: f64,
    at: Instant,
}

impl Bucket {
    fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, level: f64::from(rate.requests), at: now }
    }

    fn fill(&mut self, now: Instant) {
        let per_second = f64::from(self.rate.requests) / self.rate.per.as_secs_f64().max(0.001);
        let filled = self.level + now.duration_since(self.at).as_secs_f64() * per_second;
        self.level = filled.min(f64::from(self.rate.requests));
        self.at = now;
    }

    fn missing(&self) -> Duration {
        let per_second = f64::from(self.rate.requests) / self.rate.per.as_secs_f64().max(0.001);
        Duration::from_secs_f64(((1.0 - self.level) / per_second.max(0.000_1)).clamp(0.0, 3_600.0))
    }
}

#[derive(Default)]
struct State {
    app: Vec<Bucket>,
    conversations: HashMap<ConversationId, Vec<Bucket>>,
    /// The platform said so.
    paused_until: Option<Instant>,
}

/// The buckets of one connector.
pub(crate) struct Buckets {
    pace: Pace,
    state: Mutex<State>,
}

impl Buckets {
    pub fn new(pace: Pace) -> Self {
        Self { pace, state: Mutex::default() }
    }

    /// Takes a request out of every bucket, or says how long to wait; then nothing was taken.
    pub fn take(&self, conversation: &ConversationId) -> Result<(), Duration> {
        let now = Instant::now();
        let mut guard = self.state.lock();
        let State { app, conversations, paused_until } = &mut *guard;
        if let Some(until) = paused_until.filter(|until| *until > now) {
            return Err(until.duration_since(now));
        }
        if app.is_empty() {
            app.extend(self.pace.app.iter().map(|rate| Bucket::new(*rate, now)));
        }
        if conversations.len() >= BUCKETS_MAX && !conversations.contains_key(conversation) {
            conversations.clear();
        }
        let own = conversations
            .entry(conversation.clone())
            .or_insert_with(|| self.pace.conversation.iter().map(|rate| Bucket::new(*rate, now)).collect());
        app.iter_mut().chain(own.iter_mut()).for_each(|bucket| bucket.fill(now));
        let lacking = app.iter().chain(own.iter()).filter(|bucket| bucket.level < 1.0);
        if let Some(wait) = lacking.map(Bucket::missing).max() {
            return Err(wait.max(Duration::from_millis(1)));
        }
        app.iter_mut().chain(own.iter_mut()).for_each(|bucket| bucket.level -= 1.0);
        Ok(())
    }

    /// The platform wants nothing of the app for this time.
    pub fn pause(&self, pause: Duration) {
        self.state.lock().paused_until = Some(Instant::now() + pause.min(bridge_api::limits::PAUSE_MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        conversation: &[Rate { requests: 2, per: Duration::from_secs(1) }],
        app: &[Rate { requests: 3, per: Duration::from_secs(1) }],
        at_once: 4,
    };

    #[tokio::test(start_paused = true)]
    async fn every_rate_holds() {
        let buckets = Buckets::new(PACE);
        let [a, b] = ["a", "b"].map(|name| ConversationId::new(name).expect("valid"));
        assert!(buckets.take(&a).is_ok() && buckets.take(&a).is_ok());
        assert!(buckets.take(&a).is_err(), "two a second in one conversation");
        assert!(buckets.take(&b).is_ok());
        assert!(buckets.take(&b).is_err(), "three a second of the app");
        tokio::time::advance(Duration::from_millis(510)).await;
        assert!(buckets.take(&a).is_ok());
        assert!(buckets.take(&a).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_of_the_platform_holds_for_all() {
        let buckets = Buckets::new(PACE);
        let a = ConversationId::new("a").expect("valid");
        buckets.pause(Duration::from_secs(2));
        assert!(buckets.take(&a).is_err_and(|wait| wait.as_secs() <= 2));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(buckets.take(&a).is_ok());
    }
}

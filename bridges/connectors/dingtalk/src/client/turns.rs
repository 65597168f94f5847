//! How fast each API and each custom webhook is asked: below the platform's own rates.

use std::{collections::HashMap, time::Duration};

use bridge_api::{CallError, Meaning};
use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::limits::{API_BURST, API_GAP, BUCKETS_MAX, TURN_TIME_MAX, WEBHOOK_BURST, WEBHOOK_GAP};

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// Of one API, by its path without identifiers.
    Api(&'static str),
    /// Of one custom webhook, by its name.
    Webhook(String),
}

/// The turns of one app.
#[derive(Debug, Default)]
pub struct Turns(Mutex<HashMap<Bucket, Instant>>);

impl Turns {
    /// Waits for a turn.
    ///
    /// # Errors
    /// When the wait would be longer than [`TURN_TIME_MAX`].
    pub async fn wait(&self, bucket: &Bucket) -> Result<(), CallError> {
        let app = matches!(bucket, Bucket::Api(_));
        let at = self.take(bucket, Instant::now()).map_err(|after| {
            CallError::ours(Meaning::Limited { after, app }, "too much waits for this API already")
        })?;
        sleep_until(at).await;
        Ok(())
    }

    /// Keeps everybody away for a while.
    pub fn pause(&self, bucket: &Bucket, pause: Duration) {
        let (gap, burst) = bucket.rate();
        let due = Instant::now() + pause + gap * burst.saturating_sub(1);
        let mut buckets = self.0.lock();
        make_place(&mut buckets, Instant::now());
        let known = buckets.entry(bucket.clone()).or_insert(due);
        *known = due.max(*known);
    }

    fn take(&self, bucket: &Bucket, now: Instant) -> Result<Instant, Duration> {
        let (gap, burst) = bucket.rate();
        let mut buckets = self.0.lock();
        let due = buckets.get(bucket).copied().unwrap_or(now);
        let at = due.checked_sub(gap * burst.saturating_sub(1)).unwrap_or(now).max(now);
        let wait = at - now;
        if wait > TURN_TIME_MAX {
            return Err(wait);
        }
        make_place(&mut buckets, now);
        buckets.insert(bucket.clone(), due.max(at) + gap);
        Ok(at)
    }
}

impl Bucket {
    fn rate(&self) -> (Duration, u32) {
        match self {
            Self::Api(_) => (API_GAP, API_BURST),
            Self::Webhook(_) => (WEBHOOK_GAP, WEBHOOK_BURST),
        }
    }
}

/// Buckets whose time is up are forgotten when there are many; were all busy, all would begin anew.
fn make_place(buckets: &mut HashMap<Bucket, Instant>, now: Instant) {
    if buckets.len() < BUCKETS_MAX {
        return;
    }
    buckets.retain(|_, due| *due > now);
    if buckets.len() >= BUCKETS_MAX {
        buckets.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_calls_of_one_api_than_the_platform_takes() {
        let turns = Turns::default();
        let mut at = Vec::new();
        for _ in 0..200 {
            turns.wait(&Bucket::Api("a")).await.expect("a turn");
            at.push(Instant::now());
        }
        let most = at.iter().enumerate().map(|(index, from)| {
            at[index..].iter().take_while(|to| **to - *from < Duration::from_secs(1)).count()
        });
        assert!(most.clone().max() <= Some(20) && most.max() >= Some(17));
    }

    #[tokio::test(start_paused = true)]
    async fn a_webhook_stays_below_twenty_a_minute_and_holds_up_nothing_else() {
        let turns = Turns::default();
        let hook = Bucket::Webhook("ops".into());
        let mut sent = 0;
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            turns.wait(&hook).await.expect("a turn");
            sent += 1;
        }
        assert!((15..=20).contains(&sent), "{sent}");
        turns.pause(&hook, Duration::from_secs(600));
        let error = turns.wait(&hook).await.expect_err("blocked");
        assert!(
            matches!(error.meaning, Meaning::Limited { after, app: false } if after > Duration::from_secs(590))
        );
        let before = Instant::now();
        turns.wait(&Bucket::Api("b")).await.expect("a turn");
        assert_eq!(Instant::now(), before);
    }
}

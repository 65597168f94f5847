//! How often each person, group and webhook is spoken to: below the platform's own rates, because beyond them it drops what we say
//! and answers that all is well.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::{Instant, sleep};

use super::error::{CallError, Meaning};
use crate::limits::{
    BUCKETS_MAX, CHAT_HOUR_MAX, CHAT_MINUTE_MAX, MEMBER_HOUR_MAX, MEMBER_MINUTE_MAX, TURN_TIME_MAX,
    WEBHOOK_HOUR_MAX, WEBHOOK_MINUTE_MAX,
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// One person or bot conversation.
    Member(String),
    /// One group of the app.
    Chat(String),
    /// One webhook, by its name.
    Webhook(String),
}

impl Bucket {
    const fn rates(&self) -> (usize, usize) {
        match self {
            Self::Member(_) => (MEMBER_MINUTE_MAX, MEMBER_HOUR_MAX),
            Self::Chat(_) => (CHAT_MINUTE_MAX, CHAT_HOUR_MAX),
            Self::Webhook(_) => (WEBHOOK_MINUTE_MAX, WEBHOOK_HOUR_MAX),
        }
    }
}

/// When something was said in the last hour, and until when nothing may be.
#[derive(Debug, Default)]
struct Said {
    at: VecDeque<Instant>,
    until: Option<Instant>,
}

impl Said {
    /// How long to wait before the next may be said.
    fn wait(&mut self, now: Instant, (minute, hour): (usize, usize)) -> Duration {
        while self.at.front().is_some_and(|at| now.duration_since(*at) >= HOUR) {
            self.at.pop_front();
        }
        let free_at = |most: usize, window: Duration| {
            let nth = self.at.len().checked_sub(most)?;
            Some(*self.at.get(nth)? + window)
        };
        let due = [free_at(minute, MINUTE), free_at(hour, HOUR), self.until].into_iter().flatten().max();
        due.map_or(Duration::ZERO, |due| due.saturating_duration_since(now))
    }

    fn is_idle(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| until <= now)
            && self.at.back().is_none_or(|at| now.duration_since(*at) >= HOUR)
    }
}

/// The turns of one company. Forgotten with the process.
#[derive(Debug, Default)]
pub struct Turns(Mutex<HashMap<Bucket, Said>>);

impl Turns {
    /// Waits for a turn and takes it.
    ///
    /// # Errors
    /// When the wait would be longer than [`TURN_TIME_MAX`].
    pub async fn wait(&self, bucket: &Bucket) -> Result<(), CallError> {
        loop {
            let wait = self.take(bucket, Instant::now());
            if wait.is_zero() {
                return Ok(());
            }
            if wait > TURN_TIME_MAX {
                let meaning = Meaning::Limited { after: wait, app: false };
                return Err(CallError::ours(meaning, "the platform takes no more there for a while"));
            }
            sleep(wait).await;
        }
    }

    /// Keeps everybody away for a while.
    pub fn pause(&self, bucket: &Bucket, pause: Duration) {
        let now = Instant::now();
        let mut buckets = self.0.lock();
        make_place(&mut buckets, now);
        buckets.entry(bucket.clone()).or_default().until = Some(now + pause);
    }

    fn take(&self, bucket: &Bucket, now: Instant) -> Duration {
        let mut buckets = self.0.lock();
        if !buckets.contains_key(bucket) {
            make_place(&mut buckets, now);
        }
        let said = buckets.entry(bucket.clone()).or_default();
        let wait = said.wait(now, bucket.rates());
        if wait.is_zero() {
            said.at.push_back(now);
        }
        wait
    }
}

/// Those who were not spoken to for an hour are forgotten when there are many; were all busy, all would begin anew.
fn make_place(buckets: &mut HashMap<Bucket, Said>, now: Instant) {
    if buckets.len() < BUCKETS_MAX {
        return;
    }
    buckets.retain(|_, said| !said.is_idle(now));
    if buckets.len() >= BUCKETS_MAX {
        buckets.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn said_within(bucket: &Bucket, span: Duration) -> usize {
        let (turns, start, mut said) = (Turns::default(), Instant::now(), 0);
        while start.elapsed() < span {
            match turns.wait(bucket).await {
                Ok(()) => said += 1,
                Err(CallError { meaning: Meaning::Limited { after, app: false }, .. }) => sleep(after).await,
                Err(error) => panic!("{error}"),
            }
        }
        said
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_gets_more_than_the_platform_lets_through() {
        let member = Bucket::Member("a".into());
        assert!(said_within(&member, MINUTE).await <= 30);
        let hour = said_within(&member, HOUR).await;
        assert!((800..=1_000).contains(&hour), "{hour}");
        assert!(said_within(&Bucket::Webhook("a".into()), MINUTE).await <= 20);
    }

    #[tokio::test(start_paused = true)]
    async fn a_blocked_webhook_holds_up_nobody_else() {
        let (turns, hook) = (Turns::default(), Bucket::Webhook("ops".into()));
        turns.pause(&hook, MINUTE);
        let error = turns.wait(&hook).await.expect_err("blocked");
        assert!(matches!(error.meaning, Meaning::Limited { after, app: false } if after == MINUTE));
        turns.wait(&Bucket::Webhook("other".into())).await.expect("a turn");
    }
}

//! How often each person, group and webhook is spoken to: below the platform's own rates, because beyond them it drops what we say
//! and answers that all is well. What was said is counted durably before it is said, so a restart begins no hour anew.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bridge_api::{Bounded, CallError, Clock, Meaning, Shelf, digest};
use parking_lot::Mutex as Lock;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

use crate::limits::{
    BUCKETS_MAX, CHAT_HOUR_MAX, CHAT_MINUTE_MAX, MEMBER_HOUR_MAX, MEMBER_MINUTE_MAX, PAUSE_MS_MAX,
    TURN_TIME_MAX, UPLOAD_HOUR_MAX, UPLOAD_MINUTE_MAX, WEBHOOK_HOUR_MAX, WEBHOOK_MINUTE_MAX,
};

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// One person or bot conversation.
    Member(String),
    /// One group of the app.
    Chat(String),
    /// One webhook, by its name.
    Webhook(String),
    /// The files that the bot uploads.
    Uploads,
}

impl Bucket {
    const fn rates(&self) -> (usize, usize) {
        match self {
            Self::Member(_) => (MEMBER_MINUTE_MAX, MEMBER_HOUR_MAX),
            Self::Chat(_) => (CHAT_MINUTE_MAX, CHAT_HOUR_MAX),
            Self::Webhook(_) => (WEBHOOK_MINUTE_MAX, WEBHOOK_HOUR_MAX),
            Self::Uploads => (UPLOAD_MINUTE_MAX, UPLOAD_HOUR_MAX),
        }
    }

    /// Where its counts lie.
    fn row(&self) -> String {
        let (kind, name) = match self {
            Self::Member(name) => ("member", name.as_str()),
            Self::Chat(name) => ("chat", name.as_str()),
            Self::Webhook(name) => ("webhook", name.as_str()),
            Self::Uploads => ("uploads", ""),
        };
        format!("turns:{kind}:{}", digest(name.as_bytes()))
    }
}

/// What is written down of a bucket: how often it was spoken to in each minute, and until when nothing may be said.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Row {
    minutes: Vec<(u64, usize)>,
    until_ms: u64,
}

/// When something was said in the last hour, and until when nothing may be, in milliseconds since the Unix epoch.
#[derive(Debug, Default)]
struct Said {
    at_ms: VecDeque<u64>,
    until_ms: u64,
}

impl Said {
    /// What a row says. Within a minute all counts as said at its end, which is late rather than early; of a clock that was put
    /// back, as said now.
    fn of(row: &Row, now_ms: u64) -> Self {
        let mut at_ms = VecDeque::new();
        for (minute, count) in &row.minutes {
            let end_ms = minute.saturating_add(1).saturating_mul(MINUTE_MS).min(now_ms);
            at_ms.extend(std::iter::repeat_n(end_ms, (*count).min(WEBHOOK_HOUR_MAX)));
        }
        Self { at_ms, until_ms: row.until_ms.min(now_ms.saturating_add(PAUSE_MS_MAX)) }
    }

    fn row(&self) -> Row {
        let mut minutes: Vec<(u64, usize)> = Vec::new();
        for minute in self.at_ms.iter().map(|at_ms| at_ms / MINUTE_MS) {
            match minutes.last_mut() {
                Some((last, count)) if *last == minute => *count += 1,
                _ => minutes.push((minute, 1)),
            }
        }
        Row { minutes, until_ms: self.until_ms }
    }

    /// How long to wait before the next may be said.
    fn wait(&mut self, now_ms: u64, (minute, hour): (usize, usize)) -> Duration {
        while self.at_ms.front().is_some_and(|at_ms| at_ms.saturating_add(HOUR_MS) <= now_ms) {
            self.at_ms.pop_front();
        }
        let free_at_ms = |most: usize, window_ms: u64| {
            let nth = self.at_ms.len().checked_sub(most)?;
            Some(self.at_ms.get(nth)?.saturating_add(window_ms))
        };
        let due_ms = [free_at_ms(minute, MINUTE_MS), free_at_ms(hour, HOUR_MS), Some(self.until_ms)];
        let due_ms = due_ms.into_iter().flatten().max().unwrap_or_default();
        Duration::from_millis(due_ms.saturating_sub(now_ms))
    }
}

/// The turns of one company.
pub struct Turns {
    shelf: Arc<dyn Shelf>,
    /// The time of day when we began, and how long that is ago: what is counted must not jump with the clock.
    began: (u64, Instant),
    /// What was read or written of late; the rows lie on the shelf.
    buckets: Lock<Bounded<Bucket, Arc<Mutex<Option<Said>>>>>,
}

impl Turns {
    /// Turns whose counts lie on `shelf`.
    pub fn new(shelf: Arc<dyn Shelf>, clock: &Clock) -> Self {
        let buckets = Lock::new(Bounded::new(BUCKETS_MAX));
        Self { shelf, began: (clock.now_ms(), Instant::now()), buckets }
    }

    /// Waits for a turn and takes it.
    ///
    /// # Errors
    /// When the wait would be longer than [`TURN_TIME_MAX`], or the turn cannot be written down.
    pub async fn wait(&self, bucket: &Bucket) -> Result<(), CallError> {
        loop {
            let wait = self.take(bucket).await?;
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
    pub async fn pause(&self, bucket: &Bucket, pause: Duration) {
        let paused = async {
            let said = self.said(bucket);
            let mut held = said.lock().await;
            let said = self.known(&mut held, bucket).await?;
            let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX).min(PAUSE_MS_MAX);
            said.until_ms = self.now_ms().saturating_add(pause_ms);
            self.shelf.write(&bucket.row(), &said.row(), HOUR_MS).await?;
            Ok::<(), CallError>(())
        };
        if let Err(error) = paused.await {
            tracing::warn!(%error, "it is not written down that the platform wants a pause");
        }
    }

    async fn take(&self, bucket: &Bucket) -> Result<Duration, CallError> {
        let said = self.said(bucket);
        let mut held = said.lock().await;
        let said = self.known(&mut held, bucket).await?;
        let now_ms = self.now_ms();
        let wait = said.wait(now_ms, bucket.rates());
        if wait.is_zero() {
            said.at_ms.push_back(now_ms);
            if let Err(error) = self.shelf.write(&bucket.row(), &said.row(), HOUR_MS).await {
                said.at_ms.pop_back();
                return Err(error.into());
            }
        }
        Ok(wait)
    }

    fn said(&self, bucket: &Bucket) -> Arc<Mutex<Option<Said>>> {
        let mut buckets = self.buckets.lock();
        if let Some(said) = buckets.get(bucket) {
            return Arc::clone(said);
        }
        let said = Arc::new(Mutex::new(None));
        buckets.put(bucket.clone(), Arc::clone(&said));
        said
    }

    /// What is known of a bucket, read from the shelf the first time.
    async fn known<'a>(
        &self,
        held: &'a mut Option<Said>,
        bucket: &Bucket,
    ) -> Result<&'a mut Said, CallError> {
        let said = match held.take() {
            Some(said) => said,
            None => {
                let row: Option<Row> = self.shelf.read(&bucket.row()).await?;
                Said::of(&row.unwrap_or_default(), self.now_ms())
            }
        };
        Ok(held.insert(said))
    }

    fn now_ms(&self) -> u64 {
        let (began_ms, began) = self.began;
        began_ms.saturating_add(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use bridge_api::double::Rows;

    use super::*;

    const MINUTE: Duration = Duration::from_millis(MINUTE_MS);
    const HOUR: Duration = Duration::from_millis(HOUR_MS);
    const NOW_MS: u64 = 1_700_000_000_000;

    fn turns() -> Turns {
        Turns::new(Arc::new(Rows::default()), &Clock::fake(NOW_MS))
    }

    async fn said_within(bucket: &Bucket, span: Duration) -> usize {
        let (turns, start, mut said) = (turns(), Instant::now(), 0);
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
        let (turns, hook) = (turns(), Bucket::Webhook("ops".into()));
        turns.pause(&hook, MINUTE).await;
        let error = turns.wait(&hook).await.expect_err("blocked");
        assert!(matches!(error.meaning, Meaning::Limited { after, app: false } if after == MINUTE));
        turns.wait(&Bucket::Webhook("other".into())).await.expect("a turn");
    }

    #[tokio::test(start_paused = true)]
    async fn a_restart_begins_neither_minute_nor_hour_nor_pause_anew() {
        let (rows, member, hook) =
            (Arc::new(Rows::default()), Bucket::Member("a".into()), Bucket::Webhook("ops".into()));
        let turns_at = |now_ms| Turns::new(rows.clone(), &Clock::fake(now_ms));
        let turns = turns_at(NOW_MS);
        for _ in 0..MEMBER_MINUTE_MAX {
            turns.wait(&member).await.expect("a turn");
        }
        turns.pause(&hook, MINUTE).await;
        let limited = |error: CallError| match error.meaning {
            Meaning::Limited { after, app: false } => after,
            other => panic!("{other:?}"),
        };
        let again = turns_at(NOW_MS + 1_000);
        let wait = limited(again.wait(&member).await.expect_err("the minute goes on"));
        assert!(wait > MINUTE - Duration::from_secs(1) && wait <= MINUTE, "{wait:?}");
        let wait = limited(again.wait(&hook).await.expect_err("the pause goes on"));
        assert_eq!(wait, MINUTE - Duration::from_secs(1));
        again.wait(&Bucket::Member("b".into())).await.expect("nobody else is held up");
        // So many in some minutes use up the hour, whoever counts them.
        let chat = Bucket::Chat("desk".into());
        let (mut now_ms, mut said) = (NOW_MS, 0);
        while said < CHAT_HOUR_MAX {
            let turns = turns_at(now_ms);
            for _ in 0..CHAT_MINUTE_MAX.min(CHAT_HOUR_MAX - said) {
                turns.wait(&chat).await.expect("a turn");
                said += 1;
            }
            now_ms += 2 * MINUTE_MS;
        }
        let wait = limited(turns_at(now_ms).wait(&chat).await.expect_err("the hour goes on"));
        assert!(wait > HOUR / 2, "{wait:?}");
        turns_at(now_ms + HOUR_MS).wait(&chat).await.expect("another hour");
        // A clock that was put back holds nobody up for longer than the hour.
        let wait = limited(turns_at(NOW_MS - 30 * 24 * HOUR_MS).wait(&hook).await.expect_err("the pause"));
        assert!(wait <= HOUR, "{wait:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_written_down_is_not_said() {
        let rows = Arc::new(Rows::default());
        let (turns, member) = (Turns::new(rows.clone(), &Clock::fake(NOW_MS)), Bucket::Member("a".into()));
        rows.refuse(true);
        assert_eq!(turns.wait(&member).await.expect_err("not written down").meaning, Meaning::Busy);
        rows.refuse(false);
        turns.wait(&member).await.expect("a turn");
    }
}

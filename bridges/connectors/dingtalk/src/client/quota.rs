//! Counts what the platform counts in a month, durably, and says when the end is near. It refuses nothing by its own count,
//! because the platform grants some days of grace; once the platform says that all is used up, it is left alone for a while.

use std::sync::Arc;

use bridge_api::{CallError, Clock, Inbox, Meaning, Quota, Shelf, Words};
use parking_lot::Mutex as Lock;
use serde::{Deserialize, Serialize};
use tokio::{sync::Mutex, time::Instant};

use crate::{
    limits::{QUOTA_BLOCK, QUOTA_KEPT_MS, QUOTA_PAUSE},
    settings::Quotas,
};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// A call of the API.
    Call,
    /// An event or message that came, or a message by a webhook.
    Push,
}

impl Counted {
    const fn key(self) -> &'static str {
        match self {
            Self::Call => "api_calls_month",
            Self::Push => "pushes_month",
        }
    }

    const fn called(self) -> Words {
        match self {
            Self::Call => Words { zh: "本月接口调用", en: "this month's calls of the API" },
            Self::Push => Words { zh: "本月推送", en: "this month's pushes" },
        }
    }
}

/// The counts of one app.
pub struct Counter {
    shelf: Arc<dyn Shelf>,
    clock: Clock,
    quotas: Quotas,
    counts: Mutex<Option<Counts>>,
    inbox: Lock<Option<Arc<dyn Inbox>>>,
    used_up_until: Lock<Option<Instant>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    calls: u64,
    pushes: u64,
}

#[derive(Debug)]
struct Counts {
    month: String,
    now: Row,
    reserved: Row,
}

impl Counter {
    /// A counter whose rows lie on `shelf`.
    pub fn new(shelf: Arc<dyn Shelf>, clock: Clock, quotas: Quotas) -> Self {
        let (inbox, used_up_until) = (Lock::new(None), Lock::new(None));
        Self { shelf, clock, quotas, counts: Mutex::new(None), inbox, used_up_until }
    }

    /// Whom it is told.
    pub fn tell(&self, inbox: Arc<dyn Inbox>) {
        *self.inbox.lock() = Some(inbox);
    }

    /// Whether the platform may be asked.
    ///
    /// # Errors
    /// [`Meaning::QuotaUsedUp`] shortly after the platform said so.
    pub fn gate(&self) -> Result<(), CallError> {
        match *self.used_up_until.lock() {
            Some(until) if Instant::now() < until => {
                Err(CallError::ours(Meaning::QuotaUsedUp, "the calls of this month are used up"))
            }
            _ => Ok(()),
        }
    }

    /// Remembers that the platform said that all calls are used up.
    pub fn used_up(&self) {
        *self.used_up_until.lock() = Some(Instant::now() + QUOTA_PAUSE);
        self.say(Counted::Call, self.whole(Counted::Call));
    }

    /// Remembers that the platform said that all pushes are used up.
    pub fn pushes_used_up(&self) {
        metrics::counter!("bridge_dingtalk_withheld_total").increment(1);
        self.say(Counted::Push, self.whole(Counted::Push));
    }

    /// Says what is left of everything, before the first of it is counted after a start.
    pub async fn report(&self) {
        let mut held = self.counts.lock().await;
        let Row { calls, pushes } = self.of_this_month(&mut held).await.now;
        drop(held);
        self.say(Counted::Call, calls);
        self.say(Counted::Push, pushes);
    }

    /// Counts one.
    pub async fn count(&self, what: Counted) {
        let mut held = self.counts.lock().await;
        let counts = self.of_this_month(&mut held).await;
        let (now, reserved) = match what {
            Counted::Call => (&mut counts.now.calls, &mut counts.reserved.calls),
            Counted::Push => (&mut counts.now.pushes, &mut counts.reserved.pushes),
        };
        *now = now.saturating_add(1);
        let used = *now;
        if used <= *reserved {
            return;
        }
        // One durable write for a block of them: after a crash the rest of the block counts as used.
        *reserved = used.saturating_add(QUOTA_BLOCK - 1);
        if let Err(error) = self.shelf.write(&key(&counts.month), &counts.reserved, QUOTA_KEPT_MS).await {
            tracing::warn!(%error, "the count of the month is not written down");
        }
        self.say(what, used);
    }

    /// The counts of this month, read where they are those of another one.
    async fn of_this_month<'a>(&self, held: &'a mut Option<Counts>) -> &'a mut Counts {
        let month = month(self.clock.now_ms());
        let counts = match held.take().filter(|counts| counts.month == month) {
            Some(counts) => counts,
            None => {
                let row = self.load(&month).await;
                Counts { month, now: row, reserved: row }
            }
        };
        held.insert(counts)
    }

    async fn load(&self, month: &str) -> Row {
        match self.shelf.read(&key(month)).await {
            Ok(row) => row.unwrap_or_default(),
            Err(error) => {
                tracing::warn!(%error, "the count of the month is not read");
                Row::default()
            }
        }
    }

    fn whole(&self, what: Counted) -> u64 {
        match what {
            Counted::Call => self.quotas.api_calls_month,
            Counted::Push => self.quotas.pushes_month,
        }
    }

    fn say(&self, what: Counted, used: u64) {
        let whole = self.whole(what);
        let (left, key) = (whole.saturating_sub(used), what.key());
        metrics::gauge!("bridge_dingtalk_quota_left", "what" => key).set(left as f64);
        if left <= whole / 10 {
            tracing::warn!(what = key, left, whole, "the month's quota comes to its end");
        }
        if let Some(inbox) = self.inbox.lock().as_ref() {
            let period = month(self.clock.now_ms());
            inbox.quota(Quota { what: key, called: what.called(), period, left, whole });
        }
    }
}

fn key(month: &str) -> String {
    format!("quota:{month}")
}

/// The month in China, in which the platform counts: `2025-11`.
fn month(now_ms: u64) -> String {
    let days = now_ms.saturating_add(8 * 3_600_000) / 86_400_000;
    // The proleptic Gregorian calendar in eras of 400 years that begin on the first of March.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    format!("{:04}-{month:02}", year + era * 400 + u64::from(month <= 2))
}

#[cfg(test)]
mod tests {
    use bridge_api::double::{Basket, Rows};

    use super::*;

    #[test]
    fn months_begin_when_they_begin_in_china() {
        let table = [
            (0, "1970-01"),
            (1_700_000_000_000, "2023-11"),
            (1_709_222_399_000, "2024-02"),
            (1_709_222_400_000, "2024-03"),
            (1_735_660_799_000, "2024-12"),
            (1_735_660_800_000, "2025-01"),
        ];
        for (at_ms, expected) in table {
            assert_eq!(month(at_ms), expected, "{at_ms}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_restart_counts_too_many_rather_than_too_few_and_the_end_is_said() {
        let (rows, inbox) = (Arc::new(Rows::default()), Arc::new(Basket::default()));
        let clock = Clock::fake(1_700_000_000_000);
        let quotas = Quotas { api_calls_month: 50, pushes_month: 10 };
        let counter = Counter::new(rows.clone(), clock.clone(), quotas);
        counter.tell(inbox.clone());
        for _ in 0..45 {
            counter.count(Counted::Call).await;
        }
        assert_eq!(
            inbox.quotas(),
            [("api_calls_month", 49), ("api_calls_month", 29), ("api_calls_month", 9)]
        );
        let again = Counter::new(rows.clone(), clock.clone(), quotas);
        again.tell(inbox.clone());
        again.report().await;
        assert_eq!(inbox.quotas()[3..], [("api_calls_month", 0), ("pushes_month", 10)], "60 were reserved");
        again.count(Counted::Call).await;
        assert_eq!(inbox.quotas().last(), Some(&("api_calls_month", 0)));
        clock.advance(30 * 86_400_000);
        again.count(Counted::Call).await;
        assert_eq!(inbox.quotas().last(), Some(&("api_calls_month", 49)), "a new month");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_used_up_is_left_alone_for_a_while() {
        let counter = Counter::new(Arc::new(Rows::default()), Clock::fake(1), Quotas::default());
        assert!(counter.gate().is_ok());
        counter.used_up();
        assert_eq!(counter.gate().expect_err("closed").meaning, Meaning::QuotaUsedUp);
        tokio::time::advance(QUOTA_PAUSE).await;
        assert!(counter.gate().is_ok());
    }
}

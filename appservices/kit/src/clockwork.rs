//! Fires timers when they are due. They come from the store, so a restart forgets none; one that was due in between
//! fires at the start and says that it is late.

use std::time::Duration;

use base::Shutdown;
use store::{Batch, Scan};

use crate::{
    BotError, Fired, Kit,
    crypto::TIMER_PREFIX,
    limits::{CLOCKWORK_SLEEP_MAX, TIMER_LATE_MS, TIMERS_PER_PAGE},
    pause,
    runtime::Bots,
    tables::{TIMERS, TIMERS_DUE},
    work::Task,
};

impl Kit {
    /// Fires timers until the shutdown.
    pub(crate) async fn keep_time(&self, bots: &Bots, shutdown: &Shutdown) {
        let mut failures = 0;
        while !shutdown.is_triggered() {
            let sleep = match self.fire_due(bots).await {
                Ok(next_ms) => {
                    failures = 0;
                    let left = next_ms.map(|at| at.saturating_sub(self.0.clock.now_ms()));
                    left.map_or(CLOCKWORK_SLEEP_MAX, Duration::from_millis).min(CLOCKWORK_SLEEP_MAX)
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, "a timer of the bots cannot fire; will try again");
                    pause::after(failures, &self.0.rng)
                }
            };
            tokio::select! {
                () = shutdown.wait() => {}
                // While something fails, news would only have it fail faster.
                () = self.0.timers.news(), if failures == 0 => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    /// Fires all timers that are due now; when the next one is.
    ///
    /// # Errors
    /// What may pass; the timers that have not fired stay.
    pub(crate) async fn fire_due(&self, bots: &Bots) -> Result<Option<u64>, BotError> {
        loop {
            let now_ms = self.0.clock.now_ms();
            let page = self.0.store.scan_keys(&TIMERS_DUE, Scan::all().limit(TIMERS_PER_PAGE)).await?;
            if page.is_empty() {
                return Ok(None);
            }
            for (at_ms, key) in page {
                if at_ms > now_ms {
                    return Ok(Some(at_ms));
                }
                self.fire(bots, at_ms, &key).await?;
            }
        }
    }

    async fn fire(&self, bots: &Bots, at_ms: u64, key: &str) -> Result<(), BotError> {
        let timer = self.0.store.get(&TIMERS, key).await?;
        let due = timer.as_ref().filter(|timer| timer.at_ms == at_ms);
        let end = |batch: &mut Batch| {
            batch.expect_read(&TIMERS, key, timer.as_ref()).delete(&TIMERS_DUE, &(at_ms, key));
            if due.is_some() {
                batch.delete(&TIMERS, key);
            }
        };
        if let Some(due) = due.filter(|_| key.starts_with(TIMER_PREFIX)) {
            let mut batch = Batch::new();
            end(&mut batch);
            self.waited(&mut batch, &due.bot, &due.payload).await?;
            self.0.store.commit(batch).await?;
            self.0.arrived.notify_waiters();
            return Ok(());
        }
        let bot = due.and_then(|timer| bots.get(&timer.bot));
        let (Some(due), Some(bot)) = (due, bot) else {
            // Moved or cancelled since, or of a bot that is no more.
            let mut batch = Batch::new();
            end(&mut batch);
            self.0.store.commit(batch).await?;
            return Ok(());
        };
        let late_ms = self.0.clock.now_ms().saturating_sub(at_ms);
        let fired = Fired {
            key: key.to_owned(),
            payload: due.payload.clone(),
            at_ms,
            is_late: late_ms > TIMER_LATE_MS,
        };
        let _turn = bots.turn(bot.localpart()).await;
        self.have(&**bot, &Task::Timer(&fired), &end).await
    }
}

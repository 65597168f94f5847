//! Giving the destinations their turns: one transaction a turn, some destinations at once, in the order in which they
//! came into the line.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use base::Shutdown;
use bytes::Bytes;
use futures_util::FutureExt as _;
use ruma::{OwnedServerName, ServerName};
use store::Batch;
use tokio::task::JoinSet;

use super::back_off::pause_ms;
use super::carrier::Undelivered;
use super::limits::{NAP_MAX, TRANSACTIONS_AT_ONCE_MAX};
use super::tables::{DESTINATION, DestinationRow};
use super::{Sender, SenderError};

impl Sender {
    /// Sends what waits until the server stops. A transaction that is cut off is repeated after the next start.
    pub(super) async fn deliver(&self, shutdown: Shutdown) {
        let mut turns: JoinSet<OwnedServerName> = JoinSet::new();
        while !shutdown.is_triggered() {
            let now_ms = self.0.parts.clock.now_ms();
            while turns.len() < TRANSACTIONS_AT_ONCE_MAX {
                let Some(server) = self.0.schedule.lock().next(now_ms) else { break };
                let sender = self.clone();
                turns.spawn(async move {
                    // Who panics must not take the destination's turn along for good.
                    if AssertUnwindSafe(sender.turn(&server)).catch_unwind().await.is_err() {
                        tracing::error!(%server, "sending a transaction panicked; will try again");
                        sender.rest(&server);
                    }
                    server
                });
            }
            let nap = {
                let next = self.0.schedule.lock().next_retry_ms();
                let pause = next.map(|at_ms| Duration::from_millis(at_ms.saturating_sub(now_ms) + 1));
                pause.unwrap_or(NAP_MAX).min(NAP_MAX)
            };
            tokio::select! {
                () = shutdown.wait() => {}
                () = self.0.work.notified() => {}
                () = tokio::time::sleep(nap) => {}
                Some(ended) = turns.join_next() => match ended {
                    Ok(server) => self.0.schedule.lock().ended(&server, self.0.parts.clock.now_ms()),
                    Err(error) => tracing::error!(%error, "a turn of the sender did not end"),
                },
            }
        }
        turns.shutdown().await;
    }

    pub(super) async fn turn(&self, server: &ServerName) {
        if let Err(error) = self.send_next(server).await {
            tracing::warn!(%server, %error, "send a transaction; will try again");
            self.rest(server);
        }
    }

    /// This server is in trouble, not the destination: no failure is counted.
    fn rest(&self, server: &ServerName) {
        let retry_at_ms = self.0.parts.clock.now_ms() + pause_ms(1, &self.0.parts.rng);
        self.0.schedule.lock().get_mut(server).row.retry_at_ms = retry_at_ms;
    }

    async fn send_next(&self, server: &ServerName) -> Result<(), SenderError> {
        let parts = &self.0.parts;
        let seen = self.0.schedule.lock().get_mut(server).news;
        let Some(transaction) = self.next_transaction(server).await? else {
            self.settle(server, seen);
            return Ok(());
        };
        let started = tokio::time::Instant::now();
        let frozen = &transaction.frozen;
        let outcome = parts.carrier.carry(server, &frozen.id, Bytes::from(frozen.body.clone())).await;
        let result = match &outcome {
            Ok(()) => "ok",
            Err(Undelivered::Refused(_)) => "refused",
            Err(Undelivered::Unreachable(_)) => "unreachable",
        };
        metrics::histogram!("federation_transaction_seconds", "result" => result).record(started.elapsed());
        match outcome {
            Ok(()) => {}
            Err(Undelivered::Refused(reason)) => {
                // Repeating it would block everything that comes after it.
                tracing::warn!(%server, transaction = frozen.id, reason, "a destination refuses a transaction for good");
            }
            Err(Undelivered::Unreachable(reason)) => {
                self.failed(server, &reason, !transaction.is_ephemeral).await?;
                return Ok(());
            }
        }
        let row = {
            let mut schedule = self.0.schedule.lock();
            let row = &mut schedule.get_mut(server).row;
            let acknowledged = row.acknowledged.max(frozen.events_up_to);
            let last_attempt_ms = parts.clock.now_ms();
            *row = DestinationRow { last_attempt_ms, acknowledged, ..DestinationRow::default() };
            row.clone()
        };
        if !transaction.is_ephemeral {
            self.acknowledge(server, frozen, &row).await?;
            metrics::gauge!("federation_queue_length").set(self.0.schedule.lock().rows() as f64);
        }
        Ok(())
    }

    /// Nothing was found for a destination in line: memory counted wrongly, or a purge took the rows.
    fn settle(&self, server: &ServerName, seen: u64) {
        let mut schedule = self.0.schedule.lock();
        let destination = schedule.get_mut(server);
        // What was queued since the look is looked at in the next turn.
        if destination.news == seen {
            (destination.events, destination.edus) = (0, 0);
            (destination.frozen, destination.catching_up) = (false, false);
        }
    }

    async fn failed(&self, server: &ServerName, reason: &str, frozen: bool) -> Result<(), SenderError> {
        let parts = &self.0.parts;
        let now_ms = parts.clock.now_ms();
        let row = {
            let mut schedule = self.0.schedule.lock();
            let destination = schedule.get_mut(server);
            // Who cannot be reached now has no use for these later.
            destination.ephemeral = Default::default();
            destination.frozen |= frozen;
            let row = &mut destination.row;
            row.failures = row.failures.saturating_add(1);
            row.failing_since_ms.get_or_insert(now_ms);
            row.last_attempt_ms = now_ms;
            row.retry_at_ms = now_ms + pause_ms(row.failures, &parts.rng);
            row.clone()
        };
        let pause_ms = row.retry_at_ms - now_ms;
        tracing::info!(%server, reason, failures = row.failures, pause_ms, "a destination cannot be reached");
        let mut batch = Batch::new();
        batch.put(&DESTINATION, server, &row);
        parts.store.commit(batch).await?;
        Ok(())
    }
}

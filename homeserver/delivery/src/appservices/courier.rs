//! From the queues to the services: one line for each, one transaction under way on each.
//!
//! A line sends what is frozen until it is accepted, then freezes the next. Lines share nothing, so a service that is
//! slow, down or busy with an import holds up nobody but itself.

use std::{collections::HashSet, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use appservice::Service;
use base::Shutdown;
use futures_util::FutureExt as _;
use store::{Batch, Scan, StoreError};
use tokio::task::JoinSet;

use super::{
    Services, ServicesError,
    line::Line,
    tables::{FROZEN, MISSED, QUEUE},
};
use crate::limits::{PAGE_ROWS, SERVICE_BACKOFF_MAX, SERVICE_BACKOFF_MIN, STORE_RETRY};

/// What came of one turn.
enum Turn {
    /// The service accepted a transaction.
    Sent,
    /// There is nothing to send.
    Idle,
    /// The service did not accept it.
    Failed(String),
}

impl Services {
    /// Counts the rows that an earlier run left, and reads what services have missed.
    pub(super) async fn count_rows(&self) -> Result<(), StoreError> {
        let store = &self.0.parts.store;
        // One row for each service that ever was late: far fewer than a scan gives.
        for (service, missed) in store.scan(&MISSED, Scan::all()).await? {
            self.line(&service).has_missed(missed);
        }
        let mut scan = Scan::all().limit(PAGE_ROWS);
        loop {
            let keys = store.scan_keys(&QUEUE, scan).await?;
            let Some(last) = keys.last() else { return Ok(()) };
            scan = Scan::all().after(last).limit(PAGE_ROWS);
            for (service, _, _) in &keys {
                self.line(service).add_rows(1);
            }
        }
    }

    /// Keeps a line running for every service that has an address, until the server stops. A transaction under way
    /// is given up then: it is frozen, and goes again at the next start.
    pub(super) async fn supervise(&self, shutdown: Shutdown) {
        let mut changes = self.0.parts.appservices.changes();
        let mut running: HashSet<String> = HashSet::new();
        let mut lines: JoinSet<String> = JoinSet::new();
        loop {
            for service in &self.0.parts.appservices.loaded().services {
                if service.url.is_some() && running.insert(service.id.clone()) {
                    let (services, id) = (self.clone(), service.id.clone());
                    let line = async move { services.fenced_line(id).await };
                    match service.people_wait {
                        true => drop(lines.spawn(line)),
                        false => drop(lines.spawn_on(line, &self.0.parts.background.handle())),
                    }
                }
            }
            tokio::select! {
                () = shutdown.wait() => break,
                changed = changes.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    self.retry_all();
                    // Whether anybody wants devices may have changed.
                    self.0.signals.overflowed.store(true, std::sync::atomic::Ordering::Relaxed);
                    self.0.signals.news.notify_one();
                }
                Some(ended) = lines.join_next() => if let Ok(id) = ended {
                    running.remove(&id);
                },
            }
        }
        lines.shutdown().await;
    }

    /// A line whose panic ends nothing but its present turn.
    async fn fenced_line(&self, id: String) -> String {
        if AssertUnwindSafe(self.run_line(&id)).catch_unwind().await.is_err() {
            tracing::error!(service = id, "the line of an application service panicked");
            tokio::time::sleep(STORE_RETRY).await;
        }
        id
    }

    /// Serves one service for as long as it is registered.
    async fn run_line(&self, id: &str) {
        let line = self.line(id);
        loop {
            let loaded = self.0.parts.appservices.loaded();
            let Some(service) = loaded.by_id(id).filter(|service| service.url.is_some()) else { return };
            match self.turn(service, &line).await {
                Ok(Turn::Sent) => {
                    line.succeeded();
                    count(id, "sent");
                }
                Ok(Turn::Idle) => {
                    tokio::select! {
                        () = line.wake.notified() => {}
                        () = line.retry.notified() => {}
                    }
                }
                Ok(Turn::Failed(reason)) => {
                    count(id, "failed");
                    let pause = self.pause(line.failed(reason.clone()));
                    tracing::info!(service = id, reason, pause = ?pause, "application service takes no transaction; will try again");
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = line.retry.notified() => {}
                    }
                }
                Err(ServicesError::Store(StoreError::Closed)) => std::future::pending().await,
                Err(error) => {
                    tracing::warn!(service = id, %error, "prepare a transaction; will try again");
                    tokio::time::sleep(STORE_RETRY).await;
                }
            }
        }
    }

    async fn turn(&self, service: &Service, line: &Arc<Line>) -> Result<Turn, ServicesError> {
        let store = &self.0.parts.store;
        let frozen = match store.get(&FROZEN, service.id.as_str()).await? {
            Some(frozen) => Some(frozen),
            None => self.freeze(service, line).await?,
        };
        self.measure(service, line, frozen.as_ref().map(|(_, frozen_ms, _)| *frozen_ms)).await?;
        let Some((number, _, body)) = frozen else { return Ok(Turn::Idle) };
        if let Err(error) = self.0.parts.appservices.send(service, number, body).await {
            return Ok(Turn::Failed(error.to_string()));
        }
        let mut batch = Batch::new();
        batch.delete(&FROZEN, service.id.as_str());
        store.commit(batch).await?;
        Ok(Turn::Sent)
    }

    /// How far behind a service is.
    async fn measure(
        &self,
        service: &Service,
        line: &Line,
        frozen_ms: Option<u64>,
    ) -> Result<(), StoreError> {
        let oldest_ms = match frozen_ms {
            Some(frozen_ms) => Some(frozen_ms),
            None => self.oldest_row_ms(&service.id).await?,
        };
        let now_ms = self.0.parts.clock.now_ms();
        let lag = Duration::from_millis(oldest_ms.map_or(0, |oldest_ms| now_ms.saturating_sub(oldest_ms)));
        metrics::gauge!("appservice_lag_seconds", "service" => service.id.clone()).set(lag.as_secs_f64());
        metrics::gauge!("appservice_queue_rows", "service" => service.id.clone()).set(line.rows() as f64);
        Ok(())
    }

    pub(super) async fn oldest_row_ms(&self, service: &str) -> Result<Option<u64>, StoreError> {
        let scan = Scan::prefix(&service.to_owned()).limit(1);
        let first = self.0.parts.store.scan(&QUEUE, scan).await?;
        Ok(first.first().map(|(_, row)| row.queued_ms()))
    }

    fn pause(&self, failures: u32) -> Duration {
        // Below 2^53, so nothing is lost.
        let spread = self.0.parts.rng.below(1 << 20) as f64 / f64::from(1 << 20);
        pause(failures, spread)
    }
}

fn count(service: &str, outcome: &'static str) {
    metrics::counter!("appservice_transactions_total", "service" => service.to_owned(), "outcome" => outcome)
        .increment(1);
}

/// Doubles from one failure to the next, and is spread so that not all services come back at once.
fn pause(failures: u32, spread: f64) -> Duration {
    let doubled =
        SERVICE_BACKOFF_MIN.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(SERVICE_BACKOFF_MAX);
    doubled.mul_f64(0.5 + spread.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_cap() {
        let pauses: Vec<_> = (1..40).map(|failures| pause(failures, 1.0)).collect();
        assert_eq!(pauses[0], SERVICE_BACKOFF_MIN);
        assert!(pauses.windows(2).all(|two| two[0] <= two[1]));
        assert_eq!(pauses.last(), Some(&SERVICE_BACKOFF_MAX));
        assert_eq!(pause(1, 0.0), SERVICE_BACKOFF_MIN / 2);
    }
}

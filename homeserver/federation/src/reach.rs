//! Which servers can be reached, and when those that cannot are tried again. Survives a restart.

use std::{collections::HashMap, sync::Arc};

use base::{Clock, Rng};
use parking_lot::Mutex;
use ruma::{OwnedServerName, ServerName};
use store::{Batch, Scan, Store, StoreError};

use crate::{
    limits::{DOWN_SERVERS_MAX, PAUSE_MS_MAX, PAUSE_MS_MIN},
    tables::{DownRow, SERVER_DOWN},
};

/// The back-off of every server. Clones share one state.
#[derive(Clone)]
pub struct Reach(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    rng: Rng,
    down: Mutex<HashMap<OwnedServerName, DownRow>>,
}

impl Reach {
    /// Reads who was down when the server stopped.
    pub(crate) async fn open(store: Store, clock: Clock, rng: Rng) -> Result<Self, StoreError> {
        let mut down = HashMap::new();
        let mut scan = Scan::all();
        loop {
            let rows = store.snapshot().scan(&SERVER_DOWN, scan).await?;
            let Some((last, _)) = rows.last().cloned() else { break };
            down.extend(rows);
            if down.len() >= DOWN_SERVERS_MAX {
                break;
            }
            scan = Scan::all().after(&last);
        }
        Ok(Self(Arc::new(Inner { store, clock, rng, down: Mutex::new(down) })))
    }

    /// When a server that is down may be asked again, in milliseconds since 1970; none when it may be asked now.
    #[must_use]
    pub fn waits_until(&self, server: &ServerName) -> Option<u64> {
        let retry_at_ms = self.0.down.lock().get(server)?.retry_at_ms;
        (retry_at_ms > self.0.clock.now_ms()).then_some(retry_at_ms)
    }

    /// What is known of a server that is down.
    #[must_use]
    pub fn down(&self, server: &ServerName) -> Option<DownRow> {
        self.0.down.lock().get(server).cloned()
    }

    /// Every server that is down.
    #[must_use]
    pub fn all_down(&self) -> Vec<(OwnedServerName, DownRow)> {
        let mut all: Vec<_> =
            self.0.down.lock().iter().map(|(server, row)| (server.clone(), row.clone())).collect();
        all.sort_by(|left, right| left.0.cmp(&right.0));
        all
    }

    /// A server could not be reached. Failures of requests that ran at the same time count as one.
    pub(crate) async fn note_failure(&self, server: &ServerName) {
        let now_ms = self.0.clock.now_ms();
        let row = {
            let mut down = self.0.down.lock();
            if down.len() >= DOWN_SERVERS_MAX && !down.contains_key(server) {
                return;
            }
            let row = down.entry(server.to_owned()).or_insert(DownRow {
                failures: 0,
                since_ms: now_ms,
                retry_at_ms: 0,
            });
            if row.retry_at_ms > now_ms {
                return;
            }
            row.failures = row.failures.saturating_add(1);
            row.retry_at_ms = now_ms.saturating_add(pause_ms(row.failures, &self.0.rng));
            row.clone()
        };
        metrics::counter!("federation_servers_down_total").increment(1);
        tracing::info!(%server, failures = row.failures, retry_at_ms = row.retry_at_ms, "server cannot be reached");
        let mut batch = Batch::new();
        batch.put(&SERVER_DOWN, server, &row);
        self.write(batch).await;
    }

    /// A server answered, or sent something that it signed.
    pub async fn note_answer(&self, server: &ServerName) {
        if self.0.down.lock().remove(server).is_none() {
            return;
        }
        tracing::info!(%server, "server can be reached again");
        let mut batch = Batch::new();
        batch.delete(&SERVER_DOWN, server);
        self.write(batch).await;
    }

    /// A lost row costs one try too many after a restart.
    async fn write(&self, batch: Batch) {
        if let Err(error) = self.0.store.commit(batch).await {
            tracing::warn!(%error, "remember which servers are down");
        }
    }
}

/// Doubles with each failure, and is spread over half to one and a half of itself, so that those who lost us at the
/// same moment do not all come back at the same moment.
fn pause_ms(failures: u32, rng: &Rng) -> u64 {
    let doublings = failures.saturating_sub(1).min(32);
    let pause = PAUSE_MS_MIN.saturating_mul(1 << doublings).min(PAUSE_MS_MAX);
    pause / 2 + rng.below(pause.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_differ() {
        let rng = Rng::seeded(1);
        for failures in 1..60 {
            let expected = PAUSE_MS_MIN.saturating_mul(1 << (failures - 1).min(32)).min(PAUSE_MS_MAX);
            let pause = pause_ms(failures, &rng);
            assert!(pause >= expected / 2 && pause < expected / 2 + expected, "{failures}: {pause}");
        }
        assert_ne!(pause_ms(20, &rng), pause_ms(20, &rng));
    }
}

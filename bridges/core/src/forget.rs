//! What is old goes: arrivals that nobody repeats any more, rows of connectors whose time is over.

use base::Shutdown;
use store::{Batch, Scan, StoreError};

use crate::{
    Bridges,
    limits::{FORGET_INTERVAL, FORGOTTEN_PER_BATCH, REMEMBERED_MS},
    tables::{SHELF, SHELF_DUE, TAKEN, TAKEN_ORDER},
};

impl Bridges {
    /// Forgets what is old, from time to time, until the shutdown.
    pub(crate) async fn keep_forgetting(&self, shutdown: &Shutdown) {
        while !shutdown.is_triggered() {
            if let Err(error) = self.forget_old().await {
                tracing::warn!(%error, "what is old cannot be forgotten; will try again");
            }
            tokio::select! {
                () = shutdown.wait() => {}
                () = tokio::time::sleep(FORGET_INTERVAL) => {}
            }
        }
    }

    async fn forget_old(&self) -> Result<(), StoreError> {
        let now_ms = self.0.clock.now_ms();
        loop {
            let first_kept = now_ms.saturating_sub(REMEMBERED_MS);
            let scan = Scan::all().until(&(first_kept, "", "")).limit(FORGOTTEN_PER_BATCH);
            let taken = self.0.store.scan_keys(&TAKEN_ORDER, scan).await?;
            let scan = Scan::all().until(&(now_ms, "", "")).limit(FORGOTTEN_PER_BATCH);
            let over = self.0.store.scan_keys(&SHELF_DUE, scan).await?;
            if taken.is_empty() && over.is_empty() {
                return Ok(());
            }
            let mut batch = Batch::new();
            for (at_ms, network, key) in taken {
                batch.delete(&TAKEN_ORDER, &(at_ms, &*network, &*key));
                batch.delete(&TAKEN, &(&*network, &*key));
            }
            for (until_ms, network, key) in over {
                batch.delete(&SHELF_DUE, &(until_ms, &*network, &*key));
                let row = self.0.store.get(&SHELF, &(&*network, &*key)).await?;
                // One that was put anew goes later.
                if let Some(row) = row.filter(|row| row.until_ms <= now_ms) {
                    batch.expect_eq(&SHELF, &(&*network, &*key), &row).delete(&SHELF, &(&*network, &*key));
                }
            }
            match self.0.store.commit(batch).await {
                Ok(_) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

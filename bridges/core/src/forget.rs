//! What is old goes: arrivals that nobody repeats any more, rows of connectors and codes whose time is over, the map of messages
//! after more than a year, who left their company.

use base::Shutdown;
use bridge_api::{MessageId, Network};
use store::{Batch, Scan, StoreError};

use crate::{
    Bridges,
    limits::{
        DAY_MS, FORGET_INTERVAL, FORGOTTEN_PER_BATCH, FORGOTTEN_PER_MESSAGE, MESSAGES_KEPT_DAYS,
        REMEMBERED_MS,
    },
    tables::{
        CARD_OF, CARDS, CODES, LINKS, MESSAGE_DAYS, MESSAGES, REACTION_EVENTS, REACTIONS_IN, REACTIONS_OUT,
        SHELF, SHELF_DUE, SIDES, TAKEN, TAKEN_ORDER,
    },
};

impl Bridges {
    /// Notes when a message was noted.
    pub(crate) fn keep(&self, batch: &mut Batch, network: &str, message: &MessageId) {
        batch.put(&MESSAGE_DAYS, &(self.0.clock.now_ms() / DAY_MS, network, message.as_str()), &());
    }

    async fn forget_messages(&self) -> Result<(), StoreError> {
        let first_kept = (self.0.clock.now_ms() / DAY_MS).saturating_sub(MESSAGES_KEPT_DAYS);
        loop {
            let scan = Scan::all().until(&(first_kept, "", "")).limit(FORGOTTEN_PER_BATCH);
            let old = self.0.store.scan_keys(&MESSAGE_DAYS, scan).await?;
            if old.is_empty() {
                return Ok(());
            }
            let mut batch = Batch::new();
            for (day, network, message) in old {
                batch.delete(&MESSAGE_DAYS, &(day, &*network, &*message));
                if let Some(card) = self.0.store.get(&CARD_OF, &(&*network, &*message)).await? {
                    batch.delete(&CARD_OF, &(&*network, &*message)).delete(&CARDS, &(&*network, &*card));
                }
                let Some(row) = self.0.store.get(&MESSAGES, &(&*network, &*message)).await? else { continue };
                batch.delete(&MESSAGES, &(&*network, &*message));
                for event in &row.events {
                    batch.delete(&SIDES, &(&**event, &*network, &*row.conversation));
                }
                self.forget_reactions(&mut batch, &network, &message).await?;
            }
            self.0.store.commit(batch).await?;
        }
    }

    /// The reactions to a message, as many as fit beside the others; those of more people stay and mean nothing.
    async fn forget_reactions(
        &self,
        batch: &mut Batch,
        network: &str,
        message: &str,
    ) -> Result<(), StoreError> {
        let of = (network, message);
        let inward = Scan::prefix(&of).limit(FORGOTTEN_PER_MESSAGE);
        let outward = Scan::prefix(&of).limit(FORGOTTEN_PER_MESSAGE);
        for (_, _, person, emoji) in self.0.store.scan_keys(&REACTIONS_IN, inward).await? {
            batch.delete(&REACTIONS_IN, &(network, message, &*person, &*emoji));
        }
        for (_, _, emoji, event) in self.0.store.scan_keys(&REACTIONS_OUT, outward).await? {
            batch.delete(&REACTIONS_OUT, &(network, message, &*emoji, &*event));
            batch.delete(&REACTION_EVENTS, &*event);
        }
        Ok(())
    }

    /// Codes that nobody said in their time.
    async fn forget_codes(&self) -> Result<(), StoreError> {
        let now_ms = self.0.clock.now_ms();
        let mut batch = Batch::new();
        for (code, row) in self.0.store.scan(&CODES, Scan::all().limit(FORGOTTEN_PER_BATCH)).await? {
            let is_over = row.until_ms < now_ms || Network::named(&row.network).is_none();
            if is_over {
                batch.delete(&CODES, &code);
            }
        }
        self.0.store.commit(batch).await?;
        Ok(())
    }

    /// Links to files whose days are over.
    async fn forget_links(&self) -> Result<(), StoreError> {
        let now_ms = self.0.clock.now_ms();
        loop {
            let scan = Scan::all().until(&(now_ms, "")).limit(FORGOTTEN_PER_BATCH);
            let over = self.0.store.scan_keys(&LINKS, scan).await?;
            if over.is_empty() {
                return Ok(());
            }
            let mut batch = Batch::new();
            for (until_ms, seal) in over {
                batch.delete(&LINKS, &(until_ms, &*seal));
            }
            self.0.store.commit(batch).await?;
        }
    }

    /// Forgets what is old, from time to time, until the shutdown.
    pub(crate) async fn keep_forgetting(&self, shutdown: &Shutdown) {
        while !shutdown.is_triggered() {
            let forgotten = async {
                self.forget_old().await?;
                self.forget_codes().await?;
                self.forget_links().await?;
                self.forget_leavers().await?;
                let first_kept = (self.0.clock.now_ms() / DAY_MS).saturating_sub(MESSAGES_KEPT_DAYS);
                self.forget_entries(first_kept, FORGOTTEN_PER_BATCH).await?;
                self.forget_messages().await
            };
            if let Err(error) = forgotten.await {
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

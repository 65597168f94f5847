//! A transaction of the homeserver becomes rows: what each bot has to hear, once.
//!
//! All of it is one batch. When it is durable the homeserver may forget the transaction.

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use store::{Batch, Scan, StoreError};

use crate::{
    Kit,
    crypto::{KeyNews, Session},
    limits::{
        CONFLICTS_MAX, EVENTS_REMEMBERED_MAX, INBOX_ROWS_MAX, TRANSACTION_EVENTS_MAX,
        TRANSACTION_TO_DEVICE_MAX, TRANSACTIONS_REMEMBERED_MAX,
    },
    tables::{INBOX, SEEN, SEEN_ORDER, TRANSACTION_ORDER, TRANSACTIONS, TransactionRow},
    taking::Taking,
};

/// The events that the homeserver sends. What concerns keys is [`KeyNews`]; who types and who has read is nothing to us.
#[derive(Deserialize)]
struct Transaction {
    #[serde(default)]
    events: Vec<Box<RawValue>>,
}

/// Why a transaction was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Untaken {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the bots have {INBOX_ROWS_MAX} events to work off first")]
    Full,
    #[error("a transaction is a JSON object with events: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error(
        "a transaction has at most {TRANSACTION_EVENTS_MAX} events and {TRANSACTION_TO_DEVICE_MAX} messages to devices"
    )]
    TooMany,
}

impl Kit {
    /// Takes a transaction, unless it was taken before. It is durable when this returns. The same id with another body is
    /// another transaction: a homeserver that was restored from a backup counts anew.
    pub(crate) async fn take(&self, id: &str, body: &[u8]) -> Result<(), Untaken> {
        // One at a time: the homeserver sends no two, and two would fight over rooms.
        let mut remembered = self.0.taking.lock().await;
        let row = TransactionRow { digest: Sha256::digest(body).to_vec() };
        if self.0.store.get(&TRANSACTIONS, id).await?.as_ref() == Some(&row) {
            metrics::counter!("bots_transactions_total", "outcome" => "repeated").increment(1);
            return Ok(());
        }
        let Transaction { events } = serde_json::from_slice(body)?;
        let news: KeyNews = serde_json::from_slice(body)?;
        if events.len() > TRANSACTION_EVENTS_MAX || news.is_too_much() {
            return Err(Untaken::TooMany);
        }
        if events.is_empty() && news.is_empty() {
            return Ok(());
        }
        let waiting = self.0.store.count(&INBOX, Scan::all().limit(INBOX_ROWS_MAX)).await?;
        let has_room = match &self.0.service.ear {
            Some(ear) => ear.has_room().await?,
            None => true,
        };
        if waiting >= INBOX_ROWS_MAX || !has_room {
            metrics::counter!("bots_transactions_total", "outcome" => "refused").increment(1);
            return Err(Untaken::Full);
        }
        let sessions = self.receive_keys(&news).await?;
        for _ in 0..CONFLICTS_MAX {
            match self.try_take((id, &row), &events, &sessions, &mut remembered).await {
                // A bot that came into a room just found the same event there.
                Err(StoreError::Conflict) => {}
                outcome => return Ok(outcome?),
            }
        }
        Err(StoreError::Conflict.into())
    }

    async fn try_take(
        &self,
        (id, row): (&str, &TransactionRow),
        events: &[Box<RawValue>],
        sessions: &[Session],
        remembered: &mut Option<usize>,
    ) -> Result<(), StoreError> {
        let store = &self.0.store;
        let taken = store.get(&TRANSACTIONS, id).await?;
        let mut taking = Taking::new(self);
        for event in events {
            taking.event(event.get()).await?;
        }
        let Taking { mut batch, seen, left, .. } = taking;
        let coming = seen.len();
        self.wake_unread(&mut batch, sessions).await?;
        let place = batch.position();
        batch.expect_read(&TRANSACTIONS, id, taken.as_ref());
        batch.put(&TRANSACTIONS, id, row);
        batch.put(&TRANSACTION_ORDER, &place, &id.to_owned());
        let before = match *remembered {
            Some(count) => count,
            None => counted(self).await?,
        };
        let gone = self.forget_oldest(&mut batch, before, coming).await?;
        store.commit(batch).await?;
        *remembered = Some((before + coming).saturating_sub(gone));
        metrics::counter!("bots_transactions_total", "outcome" => "taken").increment(1);
        self.0.arrived.notify_waiters();
        for (bot, room) in left {
            self.forget_room_keys(bot, &room).await?;
        }
        Ok(())
    }

    /// What is remembered against repeats is bounded: as many events go as come. How many went.
    async fn forget_oldest(
        &self,
        batch: &mut Batch,
        before: usize,
        coming: usize,
    ) -> Result<usize, StoreError> {
        let store = &self.0.store;
        let transactions = store.count(&TRANSACTION_ORDER, Scan::all()).await?;
        let surplus = (transactions + 1).saturating_sub(TRANSACTIONS_REMEMBERED_MAX);
        for (place, id) in store.scan(&TRANSACTION_ORDER, Scan::all().limit(surplus)).await? {
            batch.delete(&TRANSACTION_ORDER, &place).delete(&TRANSACTIONS, &id);
        }
        let surplus = (before + coming).saturating_sub(EVENTS_REMEMBERED_MAX);
        let oldest = store.scan(&SEEN_ORDER, Scan::all().limit(surplus)).await?;
        for (place, event) in &oldest {
            batch.delete(&SEEN_ORDER, place).delete(&SEEN, event);
        }
        Ok(oldest.len())
    }
}

/// How many events are remembered, counted once a start.
async fn counted(kit: &Kit) -> Result<usize, StoreError> {
    let (mut count, mut from) = (0, model::StreamPos::ZERO);
    loop {
        let page = kit.0.store.scan_keys(&SEEN_ORDER, Scan::all().from(&from)).await?;
        let Some(last) = page.last() else { return Ok(count) };
        count += page.len();
        from = last.next();
    }
}

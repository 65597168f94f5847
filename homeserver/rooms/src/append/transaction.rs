//! Transaction ids: a request that is sent again returns the event of the first time.

use model::EventNum;
use ruma::{OwnedUserId, UserId};
use store::{Batch, Scan};

use super::Appended;
use crate::limits::{PAGE_ROWS, TRANSACTION_AGE_MS_MAX};
use crate::tables::{TRANSACTION, TRANSACTION_BY_AGE, TransactionMark, TransactionRecord};
use crate::{Rooms, RoomsError};

/// Names one request of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionKey {
    /// The device id, or a scope of the token when it has no device. A refreshed token keeps it.
    pub scope: String,
    /// The endpoint and the room.
    pub endpoint: String,
    /// The id as the client wrote it.
    pub transaction_id: String,
}

impl TransactionKey {
    fn row_key(&self, user: &UserId) -> (OwnedUserId, String, String, String) {
        (user.to_owned(), self.scope.clone(), self.endpoint.clone(), self.transaction_id.clone())
    }

    /// What the event's row keeps, so that the sending device recognises its event.
    pub(crate) fn mark(&self) -> TransactionMark {
        TransactionMark { scope: self.scope.clone(), transaction_id: self.transaction_id.clone() }
    }

    /// Puts the answer of this request into the event's own batch. The store refuses the batch when
    /// the same request was answered meanwhile.
    pub(crate) fn record(&self, batch: &mut Batch, user: &UserId, event: EventNum, now_ms: u64) {
        let key = self.row_key(user);
        batch.expect_absent(&TRANSACTION, &key);
        batch.put(&TRANSACTION, &key, &(event, now_ms));
        let (user, scope, endpoint, transaction_id) = key;
        let record = TransactionRecord { user, scope, endpoint, transaction_id };
        batch.put(&TRANSACTION_BY_AGE, &(now_ms, event), &record);
    }
}

impl Rooms {
    /// The event that an earlier request with the same transaction id made.
    pub(crate) async fn first_of_transaction(
        &self,
        user: &UserId,
        transaction: &TransactionKey,
    ) -> Result<Option<Appended>, RoomsError> {
        let store = &self.parts.store;
        let Some((event, _)) = store.get(&TRANSACTION, &transaction.row_key(user)).await? else {
            return Ok(None);
        };
        let event_id = self.pdu(store, event).await?.event_id().to_owned();
        let position = self.meta(store, event).await?.position.map_or(0, |position| position.get());
        let position = model::StreamPos::new(u64::try_from(position).unwrap_or(0));
        Ok(Some(Appended { event_id, event, position }))
    }

    /// Forgets transaction ids older than a day. Returns how many; call again while that is not 0.
    ///
    /// # Errors
    /// The store's own.
    pub async fn forget_old_transactions(&self) -> Result<usize, RoomsError> {
        let before_ms = self.parts.clock.now_ms().saturating_sub(TRANSACTION_AGE_MS_MAX);
        let scan = Scan::all().until(&(before_ms, EventNum::new(0))).limit(PAGE_ROWS.min(1_000));
        let old = self.parts.store.scan(&TRANSACTION_BY_AGE, scan).await?;
        if old.is_empty() {
            return Ok(0);
        }
        let mut batch = Batch::new();
        for (key, record) in &old {
            let row = (
                record.user.clone(),
                record.scope.clone(),
                record.endpoint.clone(),
                record.transaction_id.clone(),
            );
            batch.delete(&TRANSACTION, &row);
            batch.delete(&TRANSACTION_BY_AGE, key);
        }
        self.parts.store.commit(batch).await?;
        Ok(old.len())
    }
}

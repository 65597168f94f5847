//! Making a delayed event.

use rooms::TransactionKey;
use ruma::{CanonicalJsonObject, OwnedRoomId, OwnedUserId, UserId};
use store::{Batch, Scan, StoreError};

use super::{
    DelayedEventError, DelayedEvents,
    limits::{CONTENT_BYTES_MAX, DELAY_ID_CHARACTERS, FIELD_BYTES_MAX, TRANSACTION_ID_BYTES_MAX},
    tables::{SCHEDULED, SCHEDULED_OF_USER, ScheduledRow, TRANSACTION, TransactionRow},
};

/// What a client wants sent later.
#[derive(Clone, Debug)]
pub struct NewDelayedEvent {
    /// In whose name.
    pub user: OwnedUserId,
    /// Into which room.
    pub room_id: OwnedRoomId,
    /// The event type.
    pub kind: String,
    /// The state key of a state event.
    pub state_key: Option<String>,
    /// The content.
    pub content: CanonicalJsonObject,
    /// How much later, in ms.
    pub delay_ms: u64,
    /// For how many ms it is to be sticky once it is sent (MSC4354).
    pub sticky_duration_ms: Option<u64>,
    /// Makes a repeated request return the first delay id.
    pub transaction: Option<TransactionKey>,
}

impl DelayedEvents {
    /// The delay id that an earlier request with the same transaction id got.
    ///
    /// # Errors
    /// The store's own.
    pub async fn made_by(
        &self,
        user: &UserId,
        transaction: &TransactionKey,
    ) -> Result<Option<String>, DelayedEventError> {
        Ok(self.0.parts.store.get(&TRANSACTION, &transaction_key(user, &row_of(transaction))).await?)
    }

    /// Schedules an event durably and returns its delay id.
    ///
    /// # Errors
    /// A delay or content beyond its bound, too many scheduled events, a user who is not in the room.
    pub async fn schedule(&self, new: NewDelayedEvent) -> Result<String, DelayedEventError> {
        if let Some(transaction) = &new.transaction
            && let Some(first) = self.made_by(&new.user, transaction).await?
        {
            return Ok(first);
        }
        self.check(&new).await?;
        let content = serde_json::to_string(&new.content).unwrap_or_default();
        if content.len() > CONTENT_BYTES_MAX {
            return Err(DelayedEventError::TooLarge("the content"));
        }
        let now_ms = self.0.parts.clock.now_ms();
        let id = self.0.parts.rng.string(DELAY_ID_CHARACTERS);
        let row = ScheduledRow {
            user: new.user,
            room_id: new.room_id,
            kind: new.kind,
            state_key: new.state_key,
            content,
            delay_ms: new.delay_ms,
            made_at_ms: now_ms,
            running_since_ms: now_ms,
            sticky_duration_ms: new.sticky_duration_ms,
            transaction: new.transaction.as_ref().map(row_of),
        };
        let mut batch = Batch::new();
        batch.expect_absent(&SCHEDULED, &id);
        batch.put(&SCHEDULED, &id, &row);
        batch.put(&SCHEDULED_OF_USER, &(row.user.clone(), now_ms, id.clone()), &());
        if let Some(transaction) = &row.transaction {
            let key = transaction_key(&row.user, transaction);
            batch.expect_absent(&TRANSACTION, &key);
            batch.put(&TRANSACTION, &key, &id);
        }
        let (this, timer, due_at_ms) = (self.clone(), id.clone(), row.due_at_ms());
        batch.on_visible(move |_| this.0.timers.set(&timer, due_at_ms));
        match self.0.parts.store.commit(batch).await {
            Ok(_) => Ok(id),
            // The same request at the same moment was faster.
            Err(StoreError::Conflict) => match &new.transaction {
                Some(transaction) => {
                    self.made_by(&row.user, transaction).await?.ok_or(DelayedEventError::Busy)
                }
                None => Err(DelayedEventError::Busy),
            },
            Err(error) => Err(error.into()),
        }
    }

    async fn check(&self, new: &NewDelayedEvent) -> Result<(), DelayedEventError> {
        let settings = &self.0.parts.settings;
        if new.delay_ms > settings.delay_ms_max {
            return Err(DelayedEventError::DelayTooLong { delay_ms_max: settings.delay_ms_max });
        }
        if new.kind.len() > FIELD_BYTES_MAX {
            return Err(DelayedEventError::TooLarge("the event type"));
        }
        if new.state_key.as_ref().is_some_and(|state_key| state_key.len() > FIELD_BYTES_MAX) {
            return Err(DelayedEventError::TooLarge("the state key"));
        }
        if new.transaction.as_ref().is_some_and(|key| key.transaction_id.len() > TRANSACTION_ID_BYTES_MAX) {
            return Err(DelayedEventError::TooLarge("the transaction id"));
        }
        let parts = &self.0.parts;
        parts.rooms.joined_room(&parts.store, &new.user, &new.room_id).await?;
        let scan = Scan::prefix(&new.user).limit(settings.scheduled_per_user_max);
        let scheduled = parts.store.scan_keys(&SCHEDULED_OF_USER, scan).await?;
        if scheduled.len() < settings.scheduled_per_user_max {
            return Ok(());
        }
        let mut first_due_at_ms = u64::MAX;
        for (_, _, id) in scheduled {
            if let Some(row) = parts.store.get(&SCHEDULED, &id).await? {
                first_due_at_ms = first_due_at_ms.min(row.due_at_ms());
            }
        }
        let retry_after_ms = first_due_at_ms.saturating_sub(parts.clock.now_ms()).max(1);
        Err(DelayedEventError::TooMany { retry_after_ms })
    }
}

fn row_of(transaction: &TransactionKey) -> TransactionRow {
    let TransactionKey { scope, endpoint, transaction_id } = transaction.clone();
    TransactionRow { scope, endpoint, transaction_id }
}

pub(super) fn transaction_key(user: &UserId, row: &TransactionRow) -> (OwnedUserId, String, String, String) {
    (user.to_owned(), row.scope.clone(), row.endpoint.clone(), row.transaction_id.clone())
}

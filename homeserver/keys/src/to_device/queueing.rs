//! How messages come into the queues of devices: rows, bounds, and the transactions that are remembered.

use bytes::Bytes;
use model::StreamPos;
use ruma::{DeviceId, UserId};
use serde::Serialize;
use serde_json::value::RawValue;
use store::{Audience, Batch, Commit, Scan, StoreError};

use super::{ToDeviceMessage, ToDeviceTransaction};
use crate::{
    Keys, KeysError,
    limits::{
        ROWS_PER_STEP_MAX, TO_DEVICE_BATCH_BYTES_MAX, TO_DEVICE_BATCH_LENGTH_MAX,
        TO_DEVICE_CONTENT_BYTES_MAX, TO_DEVICE_QUEUE_LENGTH_MAX, TO_DEVICE_RECIPIENTS_MAX,
        TRANSACTION_AGE_MS_MAX, TRANSACTIONS_SWEPT_MAX,
    },
    queues::Queue,
    tables::{TO_DEVICE, TO_DEVICE_TRANSACTION, TO_DEVICE_TRANSACTION_BY_AGE},
};

/// The event as the recipient gets it.
#[derive(Serialize)]
struct ClientEvent<'a> {
    content: &'a RawValue,
    sender: &'a UserId,
    r#type: &'a str,
}

impl Keys {
    pub(super) async fn queue_of(&self, user: &UserId, device: &DeviceId) -> Result<Queue, StoreError> {
        if let Some(queue) = self.0.queues.get(user, device) {
            return Ok(queue);
        }
        self.forget_leftover_of(user, device).await?;
        let scan = Scan::prefix(&(user.to_owned(), device.to_owned())).limit(TO_DEVICE_QUEUE_LENGTH_MAX);
        let rows = self.0.store.scan(&TO_DEVICE, scan).await?;
        let full = rows.len() >= TO_DEVICE_QUEUE_LENGTH_MAX;
        let latest = match rows.last() {
            _ if full => self.0.store.frontier(),
            Some(((_, _, position), _)) => *position,
            None => StreamPos::new(0),
        };
        Ok(self.0.queues.loaded(user, device, latest, rows.len()))
    }

    pub(super) async fn queue(
        &self,
        batch: &mut Batch,
        transaction: ToDeviceTransaction<'_>,
        messages: &[ToDeviceMessage],
    ) -> Result<(), KeysError> {
        let mut pushed = Vec::with_capacity(messages.len());
        for ToDeviceMessage { user, device, content } in messages {
            let event = ClientEvent { content, sender: transaction.sender, r#type: transaction.kind };
            let Ok(event) = serde_json::to_vec(&event) else { continue };
            let position = batch.position();
            batch.put(&TO_DEVICE, &(user.clone(), device.clone(), position), &Bytes::from(event));
            batch.announce(Audience::Device(user.clone(), device.clone()));
            if self.queue_of(user, device).await?.length >= TO_DEVICE_QUEUE_LENGTH_MAX {
                self.drop_oldest(batch, user, device).await?;
            }
            pushed.push((user.clone(), device.clone(), position));
        }
        metrics::counter!("lianqiao_to_device_queued_total").increment(pushed.len() as u64);
        let keys = self.clone();
        batch.on_commit(move |commit: &Commit| {
            for (user, device, position) in pushed {
                keys.0.queues.pushed(user, device, commit.resolve(position));
            }
        });
        Ok(())
    }

    async fn drop_oldest(
        &self,
        batch: &mut Batch,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<(), StoreError> {
        let scan = Scan::prefix(&(user.to_owned(), device.to_owned())).limit(ROWS_PER_STEP_MAX);
        let rows = self.0.store.scan(&TO_DEVICE, scan).await?;
        for (key, _) in &rows {
            batch.delete(&TO_DEVICE, key);
        }
        self.0.queues.shrunk(user, device, rows.len());
        metrics::counter!("lianqiao_to_device_dropped_total").increment(rows.len() as u64);
        tracing::warn!(%user, %device, dropped = rows.len(), "a to-device queue is full, its oldest messages go");
        Ok(())
    }

    pub(super) async fn remember(
        &self,
        batch: &mut Batch,
        transaction: ToDeviceTransaction<'_>,
    ) -> Result<(), StoreError> {
        let now_ms = self.0.clock.now_ms();
        let key = transaction.key();
        batch.expect_absent(&TO_DEVICE_TRANSACTION, &key);
        batch.put(&TO_DEVICE_TRANSACTION, &key, &now_ms);
        let (sender, scope, id) = key;
        batch.put(&TO_DEVICE_TRANSACTION_BY_AGE, &(now_ms, sender, scope, id), &());
        let horizon_ms = now_ms.saturating_sub(TRANSACTION_AGE_MS_MAX);
        let scan = Scan::all().limit(TRANSACTIONS_SWEPT_MAX);
        for (aged, ()) in self.0.store.scan(&TO_DEVICE_TRANSACTION_BY_AGE, scan).await? {
            if aged.0 >= horizon_ms {
                break;
            }
            batch.delete(&TO_DEVICE_TRANSACTION_BY_AGE, &aged);
            let (_, sender, scope, id) = aged;
            batch.delete(&TO_DEVICE_TRANSACTION, &(sender, scope, id));
        }
        Ok(())
    }
}

pub(super) fn check_bounds<'a>(
    contents: impl Iterator<Item = &'a Box<RawValue>> + Clone,
) -> Result<(), KeysError> {
    let count = contents.clone().count();
    if count > TO_DEVICE_RECIPIENTS_MAX {
        return Err(KeysError::TooManyRecipients { count, max: TO_DEVICE_RECIPIENTS_MAX });
    }
    match contents.map(|content| content.get().len()).max() {
        Some(bytes) if bytes > TO_DEVICE_CONTENT_BYTES_MAX => {
            Err(KeysError::MessageTooLarge { bytes, max: TO_DEVICE_CONTENT_BYTES_MAX })
        }
        Some(_) | None => Ok(()),
    }
}

/// How many of the messages fit into one batch.
pub(super) fn batch_length(messages: &[ToDeviceMessage]) -> usize {
    let mut bytes = 0;
    let fitting = messages.iter().take(TO_DEVICE_BATCH_LENGTH_MAX).take_while(|message| {
        bytes += message.content.get().len();
        bytes <= TO_DEVICE_BATCH_BYTES_MAX
    });
    fitting.count().max(1).min(messages.len())
}

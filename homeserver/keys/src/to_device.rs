//! Send-to-device messaging: one row per recipient device, handed out in order, deleted only when the device shows
//! a token that lies behind the message.
//!
//! How rows come into the queues is in `queueing`. See <https://spec.matrix.org/v1.19/client-server-api/#send-to-device-messaging>.

mod queueing;

use bytes::Bytes;
use model::StreamPos;
use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};
use serde_json::value::RawValue;
use store::{Audience, Batch, Reader, Scan, StoreError};

use self::queueing::{batch_length, check_bounds};
use crate::{
    Keys, KeysError, RemoteMessage,
    limits::{ROWS_PER_STEP_MAX, TO_DEVICE_BATCH_BYTES_MAX},
    outgoing,
    tables::{OUTGOING_TO_DEVICE, TO_DEVICE, TO_DEVICE_TRANSACTION},
};

/// One message to one device.
#[derive(Clone, Debug)]
pub struct ToDeviceMessage {
    /// Whose device.
    pub user: OwnedUserId,
    /// The device; it must exist.
    pub device: OwnedDeviceId,
    /// The event's content: a JSON object.
    pub content: Box<RawValue>,
}

/// Who sends, and how a repetition of the request is recognised.
#[derive(Clone, Copy, Debug)]
pub struct ToDeviceTransaction<'a> {
    /// The sender.
    pub sender: &'a UserId,
    /// The sending device, which scopes the transaction id.
    pub device: Option<&'a DeviceId>,
    /// The client's id of the request.
    pub transaction_id: &'a str,
    /// The event type.
    pub kind: &'a str,
}

impl ToDeviceTransaction<'_> {
    fn key(&self) -> (OwnedUserId, String, String) {
        let scope = self.device.map(ToString::to_string).unwrap_or_default();
        (self.sender.to_owned(), scope, format!("{}\n{}", self.kind, self.transaction_id))
    }
}

/// A message that waits, with its place in the queue.
pub type PendingMessage = (StreamPos, Bytes);

impl Keys {
    /// Whether a request with this transaction id was answered before, so that its messages are queued already.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn to_device_was_sent(&self, transaction: ToDeviceTransaction<'_>) -> Result<bool, StoreError> {
        Ok(self.0.store.get(&TO_DEVICE_TRANSACTION, &transaction.key()).await?.is_some())
    }

    /// Queues messages and wakes the devices they are for. Answers when they are durable. A transaction that was
    /// sent before changes nothing.
    ///
    /// # Errors
    /// [`KeysError::MessageTooLarge`] or [`KeysError::TooManyRecipients`] before anything is queued.
    pub async fn send_to_device(
        &self,
        transaction: ToDeviceTransaction<'_>,
        messages: Vec<ToDeviceMessage>,
    ) -> Result<(), KeysError> {
        self.send_to_device_everywhere(transaction, messages, Vec::new()).await
    }

    /// The same, for devices of this server and of others together.
    ///
    /// # Errors
    /// As [`Keys::send_to_device`].
    pub async fn send_to_device_everywhere(
        &self,
        transaction: ToDeviceTransaction<'_>,
        messages: Vec<ToDeviceMessage>,
        remote: Vec<RemoteMessage>,
    ) -> Result<(), KeysError> {
        let contents = messages.iter().map(|message| &message.content);
        check_bounds(contents.chain(remote.iter().map(|message| &message.content)))?;
        if self.to_device_was_sent(transaction).await? {
            return Ok(());
        }
        let outgoing = outgoing::contents(transaction, &remote);
        let (mut rest, mut outgoing) = (messages.as_slice(), outgoing.as_slice());
        loop {
            let (chunk, later) = rest.split_at(batch_length(rest));
            rest = later;
            let mut batch = Batch::new();
            self.queue(&mut batch, transaction, chunk).await?;
            while let Some((content, later)) = outgoing.split_first()
                && rest.is_empty()
                && batch.bytes() <= TO_DEVICE_BATCH_BYTES_MAX
            {
                let position = batch.position();
                batch.put(&OUTGOING_TO_DEVICE, &position, content);
                outgoing = later;
                // Listeners hear of commits that concern somebody; the reader of these rows is one.
                batch.announce(Audience::User(transaction.sender.to_owned()));
            }
            let is_last = rest.is_empty() && outgoing.is_empty();
            if is_last {
                self.remember(&mut batch, transaction).await?;
            }
            match self.0.store.commit(batch).await {
                // The same request won the race on another connection.
                Err(StoreError::Conflict) => return Ok(()),
                outcome => outcome?,
            };
            if is_last {
                return Ok(());
            }
        }
    }

    /// Up to `limit` messages after `after` and not after `up_to`, oldest first. Costs no read when memory knows
    /// that there are none.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn pending_to_device(
        &self,
        reader: &Reader,
        (user, device): (&UserId, &DeviceId),
        (after, up_to): (StreamPos, StreamPos),
        limit: usize,
    ) -> Result<Vec<PendingMessage>, StoreError> {
        if self.queue_of(user, device).await?.latest <= after {
            return Ok(Vec::new());
        }
        let key = |position| (user.to_owned(), device.to_owned(), position);
        let scan = Scan::prefix(&(user.to_owned(), device.to_owned()))
            .after(&key(after))
            .up_to(&key(up_to))
            .limit(limit.min(ROWS_PER_STEP_MAX));
        let rows = reader.scan(&TO_DEVICE, scan).await?;
        Ok(rows.into_iter().map(|((_, _, position), event)| (position, event)).collect())
    }

    /// Deletes what a device has surely received: everything up to the position in a token it sent back. The
    /// deletion need not be durable when this returns; a message that survives a crash is filtered by the token.
    ///
    /// # Errors
    /// Whatever the store answers to the read.
    pub async fn delete_received(
        &self,
        user: &UserId,
        device: &DeviceId,
        up_to: StreamPos,
    ) -> Result<(), StoreError> {
        if up_to.get() == 0 || self.queue_of(user, device).await?.length == 0 {
            return Ok(());
        }
        let prefix = (user.to_owned(), device.to_owned());
        let last = (user.to_owned(), device.to_owned(), up_to);
        let scan = Scan::prefix(&prefix).up_to(&last).limit(ROWS_PER_STEP_MAX);
        let rows = self.0.store.scan(&TO_DEVICE, scan).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new();
        for (key, _) in &rows {
            batch.delete(&TO_DEVICE, key);
        }
        self.0.queues.shrunk(user, device, rows.len());
        drop(self.0.store.submit(batch));
        Ok(())
    }

    /// Adds to `batch` the deletion of messages that somebody else takes over in the same batch.
    pub fn add_taken(
        &self,
        batch: &mut Batch,
        (user, device): (&UserId, &DeviceId),
        taken: &[PendingMessage],
    ) {
        for (position, event) in taken {
            let key = (user.to_owned(), device.to_owned(), *position);
            batch.expect_eq(&TO_DEVICE, &key, event);
            batch.delete(&TO_DEVICE, &key);
        }
        let (keys, user, device, count) = (self.clone(), user.to_owned(), device.to_owned(), taken.len());
        batch.on_commit(move |_| keys.0.queues.shrunk(&user, &device, count));
    }

    /// The first device after this one, in order of their ids, for which messages wait. Costs one read a device, so
    /// it is for the start of a program, not for every day.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn next_with_to_device(
        &self,
        reader: &Reader,
        after: Option<(&UserId, &DeviceId)>,
    ) -> Result<Option<(OwnedUserId, OwnedDeviceId)>, StoreError> {
        let mut scan = Scan::all().limit(1);
        if let Some((user, device)) = after {
            scan = scan.after(&(user.to_owned(), device.to_owned(), StreamPos::new(u64::MAX)));
        }
        let first = reader.scan_keys(&TO_DEVICE, scan).await?.pop();
        Ok(first.map(|(user, device, _)| (user, device)))
    }
}

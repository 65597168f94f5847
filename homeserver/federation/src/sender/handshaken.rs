//! Membership events that came about by a handshake. The fact of such an event looks like any other, so what is to be
//! done with it is written down before it enters the room.

use ruma::EventId;
use store::{Batch, Reader, StoreError};

use super::Sender;
use super::tables::{HANDSHAKEN, SENT_BY_ANOTHER, SENT_FOR_ANOTHER};

/// Who sends an event to the servers in its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SentBy {
    /// The server of its sender, as usual.
    Origin,
    /// The server that helped us to get in or out.
    Helper,
    /// This server, which helped.
    Us,
}

impl Sender {
    /// The event was given to another server, which sends it on: do not send it again.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn will_be_sent_by_another(&self, event_id: &EventId) -> Result<(), StoreError> {
        self.note(event_id, SENT_BY_ANOTHER).await
    }

    /// The event is of another server, which has it sent by this one.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn will_send_for_another(&self, event_id: &EventId) -> Result<(), StoreError> {
        self.note(event_id, SENT_FOR_ANOTHER).await
    }

    async fn note(&self, event_id: &EventId, what: u8) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        batch.put(&HANDSHAKEN, event_id, &what);
        self.0.parts.store.commit(batch).await.map(|_| ())
    }

    /// The event did not enter the room after all.
    pub fn forget_handshake(&self, event_id: &EventId) {
        let mut batch = Batch::new();
        batch.delete(&HANDSHAKEN, event_id);
        // A row that stays after a crash is a few bytes that nobody reads.
        drop(self.0.parts.store.submit(batch));
    }

    pub(super) async fn sent_by(&self, reader: &Reader, event_id: &EventId) -> Result<SentBy, StoreError> {
        Ok(match reader.get(&HANDSHAKEN, event_id).await? {
            Some(SENT_BY_ANOTHER) => SentBy::Helper,
            Some(_) => SentBy::Us,
            None => SentBy::Origin,
        })
    }
}

//! The value of the event table: the event id and the canonical bytes, side by side.
//!
//! The id is stored because hashing it again on each read would cost more than reading it.

use bytes::Bytes;
use ruma::{EventId, OwnedEventId};
use store::{CodecError, Value, ValueWriter};

/// An event as it lies in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// The event id.
    pub event_id: OwnedEventId,
    /// The canonical JSON, without `unsigned` and, from room version 3, without `event_id`.
    pub json: Bytes,
}

impl Value for StoredEvent {
    fn encode(&self, out: &mut ValueWriter) {
        let id = self.event_id.as_bytes();
        let length = u16::try_from(id.len()).unwrap_or(u16::MAX);
        out.bytes(&length.to_be_bytes());
        out.bytes(id);
        out.bytes(&self.json);
    }

    fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let broken = || CodecError::new("stored event");
        let (length, rest) = bytes.split_first_chunk::<2>().ok_or_else(broken)?;
        let (id, json) =
            rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or_else(broken)?;
        let id = std::str::from_utf8(id).map_err(|_| broken())?;
        Ok(Self { event_id: EventId::parse(id).map_err(|_| broken())?, json: Bytes::copy_from_slice(json) })
    }
}

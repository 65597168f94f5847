//! An event as it travels between servers: its canonical bytes, stored once, and a parsed view beside them.
//!
//! Large parts (`content`) stay spans into the bytes, so that an answer to a client is put together by copying slices.

mod parse;

use std::{
    fmt,
    ops::Range,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use ruma::{
    EventId, MilliSecondsSinceUnixEpoch, OwnedEventId, OwnedRoomId, OwnedUserId, RoomId, UInt, UserId,
    events::TimelineEventType,
};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

pub use self::parse::PduError;
use crate::{EventForm, RoomVersion, client_event::write_head};

/// One event. Cloning is cheap; the bytes never change.
#[derive(Clone)]
pub struct Pdu(Arc<Parts>);

struct Parts {
    event_id: OwnedEventId,
    room_id: OwnedRoomId,
    room_id_is_implied: bool,
    sender: OwnedUserId,
    kind: TimelineEventType,
    kind_text: Box<str>,
    state_key: Option<Box<str>>,
    origin_server_ts: u64,
    depth: u64,
    prev_events: Vec<OwnedEventId>,
    auth_events: Vec<OwnedEventId>,
    top_level_redacts: Option<OwnedEventId>,
    content_redacts: Option<OwnedEventId>,
    sticky_duration_ms: Option<u64>,
    json: Bytes,
    spans: Spans,
    /// Written on first use; see [`Pdu::sync_head`].
    sync_head: OnceLock<Bytes>,
}

/// Where the raw JSON of the fields that clients see lies in the bytes.
struct Spans {
    content: Range<u32>,
    sender: Range<u32>,
    kind: Range<u32>,
    state_key: Option<Range<u32>>,
}

impl Pdu {
    /// The event's id.
    #[must_use]
    pub fn event_id(&self) -> &EventId {
        &self.0.event_id
    }

    /// The event's id, owned; what ruma's traits ask for.
    #[must_use]
    pub fn owned_event_id(&self) -> &OwnedEventId {
        &self.0.event_id
    }

    /// The room; for a create event of version 12 derived from the event's id.
    #[must_use]
    pub fn room_id(&self) -> &RoomId {
        &self.0.room_id
    }

    /// Whether the event itself names no room (create events of version 12).
    #[must_use]
    pub fn room_id_is_implied(&self) -> bool {
        self.0.room_id_is_implied
    }

    /// Who sent it.
    #[must_use]
    pub fn sender(&self) -> &UserId {
        &self.0.sender
    }

    /// The event type, for example `m.room.message`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.0.kind_text
    }

    /// The event type as ruma's enum.
    #[must_use]
    pub fn event_type(&self) -> &TimelineEventType {
        &self.0.kind
    }

    /// The state key; present exactly in state events, and often empty.
    #[must_use]
    pub fn state_key(&self) -> Option<&str> {
        self.0.state_key.as_deref()
    }

    /// Whether this is a state event.
    #[must_use]
    pub fn is_state(&self) -> bool {
        self.0.state_key.is_some()
    }

    /// Whether this is the state event of that type and key.
    #[must_use]
    pub fn is_state_of(&self, kind: &str, state_key: &str) -> bool {
        self.kind() == kind && self.state_key() == Some(state_key)
    }

    /// The content, as JSON of the stored bytes.
    #[must_use]
    pub fn content(&self) -> &RawValue {
        // The bytes were parsed once and are never written again, so the fallback is never taken.
        serde_json::from_str(self.content_str()).unwrap_or(RawValue::NULL)
    }

    /// The content's JSON text; cheaper than [`Pdu::content`].
    #[must_use]
    pub fn content_str(&self) -> &str {
        std::str::from_utf8(self.content_bytes()).unwrap_or("{}")
    }

    /// The content's JSON bytes.
    #[must_use]
    pub fn content_bytes(&self) -> &[u8] {
        self.raw(&self.0.spans.content)
    }

    /// Reads the content as `T`.
    ///
    /// # Errors
    /// When the content does not have that shape. Remote events may hold anything.
    pub fn content_as<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(self.content_bytes())
    }

    /// When the sender's server says it was sent, in milliseconds since 1970. Never trust it for order.
    #[must_use]
    pub fn origin_server_ts(&self) -> u64 {
        self.0.origin_server_ts
    }

    /// The same time in ruma's type.
    #[must_use]
    pub fn origin_server_time(&self) -> MilliSecondsSinceUnixEpoch {
        MilliSecondsSinceUnixEpoch(UInt::new_saturating(self.0.origin_server_ts))
    }

    /// The longest way to the create event, at most 2^53 − 1.
    #[must_use]
    pub fn depth(&self) -> u64 {
        self.0.depth
    }

    /// The parents in the room's graph.
    #[must_use]
    pub fn prev_events(&self) -> &[OwnedEventId] {
        &self.0.prev_events
    }

    /// The events that give the sender the right to send this one.
    #[must_use]
    pub fn auth_events(&self) -> &[OwnedEventId] {
        &self.0.auth_events
    }

    /// The event that this redaction is aimed at: named in the content from room version 11, at the top
    /// level before. `None` for events that are no redaction.
    #[must_use]
    pub fn redacts(&self, version: &RoomVersion) -> Option<&EventId> {
        if version.redaction().content_field_redacts {
            self.0.content_redacts.as_deref()
        } else {
            self.0.top_level_redacts.as_deref()
        }
    }

    /// `redacts` at the top level, whatever the room version; the redaction rule of versions 1 and 2 reads it.
    #[must_use]
    pub fn top_level_redacts(&self) -> Option<&OwnedEventId> {
        self.0.top_level_redacts.as_ref()
    }

    /// `redacts` in the content, whatever the room version.
    #[must_use]
    pub fn content_redacts(&self) -> Option<&OwnedEventId> {
        self.0.content_redacts.as_ref()
    }

    /// How long the event is sticky, in ms, at most [`STICKY_DURATION_MS_MAX`] (MSC4354). None for an event that is
    /// not, and for one whose duration cannot be read: that alone is no reason to refuse it.
    #[must_use]
    pub fn sticky_duration_ms(&self) -> Option<u64> {
        self.0.sticky_duration_ms
    }

    /// The canonical JSON: what is stored and what other servers get.
    #[must_use]
    pub fn json(&self) -> &Bytes {
        &self.0.json
    }

    /// The forms of sync up to `unsigned`: the same for every reader, so it is written once and kept with the event.
    pub(crate) fn sync_head(&self) -> &Bytes {
        self.0.sync_head.get_or_init(|| {
            let mut head = Vec::new();
            write_head(&mut head, self, EventForm::Sync);
            // Exactly as large as it is: it lives as long as the event does.
            Bytes::from(head.into_boxed_slice())
        })
    }

    pub(crate) fn raw_sender(&self) -> &[u8] {
        self.raw(&self.0.spans.sender)
    }

    pub(crate) fn raw_kind(&self) -> &[u8] {
        self.raw(&self.0.spans.kind)
    }

    pub(crate) fn raw_state_key(&self) -> Option<&[u8]> {
        self.0.spans.state_key.as_ref().map(|span| self.raw(span))
    }

    fn raw(&self, span: &Range<u32>) -> &[u8] {
        self.0.json.get(span.start as usize..span.end as usize).unwrap_or_default()
    }
}

impl fmt::Debug for Pdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pdu({} {}", self.event_id(), self.kind())?;
        if let Some(state_key) = self.state_key() {
            write!(f, " {state_key:?}")?;
        }
        write!(f, " by {})", self.sender())
    }
}

impl PartialEq for Pdu {
    fn eq(&self, other: &Self) -> bool {
        self.0.event_id == other.0.event_id && self.0.json == other.0.json
    }
}

impl Eq for Pdu {}

#[cfg(test)]
mod tests;

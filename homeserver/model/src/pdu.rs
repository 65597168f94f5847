//! An event as it travels between servers: its canonical bytes, stored once, and a parsed view beside them.
//!
//! Parsing checks the shape that every later step relies on (required fields, identifiers, number ranges). It
//! does not check hashes, signatures or permission; see `rules`. Large parts (`content`) stay spans into the
//! bytes, so that an answer to a client is put together by copying slices.

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
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    EventForm, RoomVersion,
    client_event::write_head,
    limits::{INTEGER_MAX, STICKY_DURATION_MS_MAX},
};

/// Why bytes are not an event.
#[derive(Debug, thiserror::Error)]
pub enum PduError {
    /// Not JSON, a required field is missing or has the wrong type, or a known field appears twice.
    #[error("not an event: {0}")]
    Malformed(#[from] serde_json::Error),
    /// An identifier in the named field does not follow the grammar.
    #[error("invalid identifier in `{field}`")]
    InvalidIdentifier {
        /// The event's field.
        field: &'static str,
    },
    /// `room_id` is missing in an event that is not a create event of room version 12.
    #[error("missing `room_id`")]
    MissingRoomId,
}

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

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    content: &'a RawValue,
    #[serde(borrow)]
    sender: &'a RawValue,
    #[serde(borrow, rename = "type")]
    kind: &'a RawValue,
    #[serde(borrow, default, deserialize_with = "present")]
    state_key: Option<&'a RawValue>,
    #[serde(default)]
    room_id: Option<OwnedRoomId>,
    origin_server_ts: i64,
    depth: u64,
    #[serde(borrow)]
    prev_events: Vec<&'a RawValue>,
    #[serde(borrow)]
    auth_events: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    redacts: Option<&'a RawValue>,
    #[serde(borrow, default)]
    msc4354_sticky: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Sticky {
    duration_ms: u64,
}

/// Keeps `null` as a value: an event whose state key is null is malformed, not a message.
fn present<'de: 'a, 'a, D: serde::Deserializer<'de>>(value: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(value).map(Some)
}

impl Pdu {
    /// Reads the canonical JSON of an event whose id is known (computed by `rules`, or stored before).
    ///
    /// # Errors
    /// See [`PduError`]. Never panics and never recurses, whatever the bytes are.
    pub fn parse(event_id: OwnedEventId, json: Bytes) -> Result<Self, PduError> {
        let fields: Fields<'_> = serde_json::from_slice(&json)?;
        let span = |raw: &RawValue| {
            let start = raw.get().as_ptr() as usize - json.as_ptr() as usize;
            start as u32..(start + raw.get().len()) as u32
        };
        if !fields.content.get().starts_with('{') {
            return Err(PduError::Malformed(serde::de::Error::custom("`content` is not an object")));
        }
        let spans = Spans {
            content: span(fields.content),
            sender: span(fields.sender),
            kind: span(fields.kind),
            state_key: fields.state_key.map(span),
        };
        let kind_text: Box<str> = serde_json::from_str(fields.kind.get())?;
        let state_key = fields.state_key.map(|raw| serde_json::from_str(raw.get())).transpose()?;
        let sender: String = serde_json::from_str(fields.sender.get())?;
        let sender =
            OwnedUserId::try_from(sender).map_err(|_| PduError::InvalidIdentifier { field: "sender" })?;
        let room_id_is_implied = fields.room_id.is_none();
        let room_id = match fields.room_id {
            Some(room_id) => room_id,
            None if &*kind_text == "m.room.create" => room_id_of_create(&event_id)?,
            None => return Err(PduError::MissingRoomId),
        };
        let prev_events = references(&fields.prev_events, "prev_events")?;
        let auth_events = references(&fields.auth_events, "auth_events")?;
        let is_redaction = &*kind_text == "m.room.redaction";
        let top_level_redacts = fields
            .redacts
            .filter(|_| is_redaction)
            .and_then(|raw| serde_json::from_str::<OwnedEventId>(raw.get()).ok());
        let content_redacts = is_redaction.then(|| content_redacts(fields.content)).flatten();
        Ok(Self(Arc::new(Parts {
            event_id,
            room_id,
            room_id_is_implied,
            sender,
            kind: TimelineEventType::from(&*kind_text),
            kind_text,
            state_key,
            origin_server_ts: u64::try_from(fields.origin_server_ts).unwrap_or(0),
            depth: fields.depth.min(INTEGER_MAX as u64),
            prev_events,
            auth_events,
            top_level_redacts,
            content_redacts,
            sticky_duration_ms: fields.msc4354_sticky.and_then(sticky_duration_ms),
            spans,
            json: json.clone(),
            sync_head: OnceLock::new(),
        })))
    }

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

/// Room version 12: the room's id is the create event's id with the other sigil.
fn room_id_of_create(event_id: &EventId) -> Result<OwnedRoomId, PduError> {
    let invalid = |_| PduError::InvalidIdentifier { field: "event_id" };
    RoomId::new_v2(event_id.as_str().trim_start_matches('$')).map_err(invalid)
}

/// References are plain ids from room version 3 on, and `[id, hashes]` pairs before.
fn sticky_duration_ms(raw: &RawValue) -> Option<u64> {
    let sticky: Sticky = serde_json::from_str(raw.get()).ok()?;
    Some(sticky.duration_ms.min(STICKY_DURATION_MS_MAX))
}

fn references(raw: &[&RawValue], field: &'static str) -> Result<Vec<OwnedEventId>, PduError> {
    raw.iter()
        .map(|reference| {
            let id = if reference.get().starts_with('[') {
                serde_json::from_str::<(String, serde::de::IgnoredAny)>(reference.get())?.0
            } else {
                serde_json::from_str::<String>(reference.get())?
            };
            OwnedEventId::try_from(id).map_err(|_| PduError::InvalidIdentifier { field })
        })
        .collect()
}

fn content_redacts(content: &RawValue) -> Option<OwnedEventId> {
    #[derive(Deserialize)]
    struct Redacts {
        redacts: OwnedEventId,
    }
    serde_json::from_str::<Redacts>(content.get()).ok().map(|content| content.redacts)
}

#[cfg(test)]
#[path = "pdu_tests.rs"]
mod tests;

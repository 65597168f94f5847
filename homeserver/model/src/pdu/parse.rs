//! From bytes to an event.
//!
//! Parsing checks the shape that every later step relies on (required fields, identifiers, number ranges). It
//! does not check hashes, signatures or permission; see `rules`.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use ruma::{EventId, OwnedEventId, OwnedRoomId, OwnedUserId, RoomId, events::TimelineEventType};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Parts, Pdu, Spans};
use crate::limits::{INTEGER_MAX, STICKY_DURATION_MS_MAX};

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
}

/// Room version 12: the room's id is the create event's id with the other sigil.
fn room_id_of_create(event_id: &EventId) -> Result<OwnedRoomId, PduError> {
    let invalid = |_| PduError::InvalidIdentifier { field: "event_id" };
    RoomId::new_v2(event_id.as_str().trim_start_matches('$')).map_err(invalid)
}

fn sticky_duration_ms(raw: &RawValue) -> Option<u64> {
    let sticky: Sticky = serde_json::from_str(raw.get()).ok()?;
    Some(sticky.duration_ms.min(STICKY_DURATION_MS_MAX))
}

/// References are plain ids from room version 3 on, and `[id, hashes]` pairs before.
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

//! New events of this server: built from expected values, never from a template (invariant 8 of
//! `ARCHITECTURE.md`), then hashed, signed and named by the rules of the room version.

use bytes::Bytes;
use model::{
    Pdu, PduError, RoomVersion,
    limits::{AUTH_EVENTS_MAX, EVENT_BYTES_MAX, EVENT_FIELD_BYTES_MAX, INTEGER_MAX, PREV_EVENTS_MAX},
};
use ruma::{
    CanonicalJsonObject, CanonicalJsonValue, EventId, Int, OwnedEventId, RoomId, ServerName, UserId,
    signatures::{KeyPair, hash_and_sign_event, reference_hash},
};
use serde_json::value::RawValue;

use crate::canonical::{self, FormError};

/// Why an event could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The content or the whole does not fit the event format.
    #[error(transparent)]
    Form(#[from] FormError),
    /// A value that the caller must give for this room version is missing.
    #[error("`{0}` is missing for this room version")]
    Missing(&'static str),
    /// ruma could not hash or sign.
    #[error("sign event: {0}")]
    Sign(#[from] ruma::signatures::JsonError),
    /// The finished bytes do not read as an event; a programming error that must not be stored.
    #[error("read back event: {0}")]
    ReadBack(#[from] PduError),
}

/// The values of an event that this server is about to send.
#[derive(Clone, Copy, Debug)]
pub struct NewPdu<'a> {
    /// The room; `None` exactly for the create event of a room whose id is that event's hash (version 12).
    pub room_id: Option<&'a RoomId>,
    /// Who sends it, a user of this server.
    pub sender: &'a UserId,
    /// The event type.
    pub kind: &'a str,
    /// The state key of a state event.
    pub state_key: Option<&'a str>,
    /// The content, any JSON object.
    pub content: &'a RawValue,
    /// What a redaction is aimed at; placed where the room version wants it.
    pub redacts: Option<&'a EventId>,
    /// For how many ms the event is to be sticky (MSC4354).
    pub sticky_duration_ms: Option<u64>,
    /// Milliseconds since 1970.
    pub origin_server_ts: u64,
    /// One more than the greatest depth of the parents, clamped to 2^53 − 1.
    pub depth: u64,
    /// The parents, at most 20.
    pub prev_events: &'a [OwnedEventId],
    /// The authorising events, at most 10.
    pub auth_events: &'a [OwnedEventId],
    /// The id in room versions 1 and 2, `$random:server`; ignored later.
    pub chosen_event_id: Option<&'a EventId>,
}

impl NewPdu<'_> {
    /// Hashes, signs and names the event.
    ///
    /// # Errors
    /// [`BuildError::Form`] when the content is no canonical JSON object or the event is too large: the caller's
    /// request is to blame. The other errors are this server's fault.
    pub fn finish<K: KeyPair>(
        self,
        version: &RoomVersion,
        key: &K,
        server_name: &ServerName,
    ) -> Result<Pdu, BuildError> {
        let mut object = self.object(version)?;
        hash_and_sign_event(server_name.as_str(), key, &mut object, version.redaction())?;
        let event_id = match self.chosen_event_id.filter(|_| version.sender_chooses_event_id()) {
            Some(event_id) => event_id.to_owned(),
            None => event_id(&object, version)?,
        };
        let json = canonical::to_bytes(&object)?;
        if json.len() > EVENT_BYTES_MAX {
            return Err(FormError::TooLarge { what: "the event", bytes_max: EVENT_BYTES_MAX }.into());
        }
        Ok(Pdu::parse(event_id, Bytes::from(json))?)
    }

    fn object(&self, version: &RoomVersion) -> Result<CanonicalJsonObject, BuildError> {
        self.check_sizes()?;
        let mut content = canonical::parse_object(self.content.get().as_bytes())?;
        let mut object = CanonicalJsonObject::new();
        if let Some(redacts) = self.redacts {
            let target = if version.redaction().content_field_redacts { &mut content } else { &mut object };
            target.insert("redacts".to_owned(), text(redacts.as_str()));
        }
        if version.sender_chooses_event_id() {
            let event_id = self.chosen_event_id.ok_or(BuildError::Missing("event_id"))?;
            object.insert("event_id".to_owned(), text(event_id.as_str()));
        }
        match self.room_id {
            Some(room_id) => drop(object.insert("room_id".to_owned(), text(room_id.as_str()))),
            None if self.kind == "m.room.create" && version.room_id_is_create_hash() => {}
            None => return Err(BuildError::Missing("room_id")),
        }
        if let Some(state_key) = self.state_key {
            object.insert("state_key".to_owned(), text(state_key));
        }
        if let Some(duration_ms) = self.sticky_duration_ms {
            let sticky = CanonicalJsonObject::from([("duration_ms".to_owned(), number(duration_ms))]);
            object.insert("msc4354_sticky".to_owned(), CanonicalJsonValue::Object(sticky));
        }
        object.insert("type".to_owned(), text(self.kind));
        object.insert("sender".to_owned(), text(self.sender.as_str()));
        object.insert("content".to_owned(), CanonicalJsonValue::Object(content));
        object.insert("origin_server_ts".to_owned(), number(self.origin_server_ts));
        object.insert("depth".to_owned(), number(self.depth));
        object.insert("prev_events".to_owned(), references(self.prev_events, version));
        object.insert("auth_events".to_owned(), references(self.auth_events, version));
        Ok(object)
    }

    fn check_sizes(&self) -> Result<(), FormError> {
        let fields = [
            ("type", Some(self.kind.len())),
            ("sender", Some(self.sender.as_bytes().len())),
            ("state_key", self.state_key.map(str::len)),
            ("room_id", self.room_id.map(|id| id.as_bytes().len())),
        ];
        for (what, length) in fields {
            if length.is_some_and(|length| length > EVENT_FIELD_BYTES_MAX) {
                return Err(FormError::TooLarge { what, bytes_max: EVENT_FIELD_BYTES_MAX });
            }
        }
        if self.prev_events.len() > PREV_EVENTS_MAX {
            return Err(FormError::Field { field: "prev_events", problem: "names too many events" });
        }
        if self.auth_events.len() > AUTH_EVENTS_MAX {
            return Err(FormError::Field { field: "auth_events", problem: "names too many events" });
        }
        if self.content.get().len() > EVENT_BYTES_MAX {
            return Err(FormError::TooLarge { what: "content", bytes_max: EVENT_BYTES_MAX });
        }
        Ok(())
    }
}

/// The id of an event: its hash from room version 3, its `event_id` field before.
///
/// # Errors
/// When the object cannot be hashed, or names no valid id in room versions 1 and 2.
pub fn event_id(object: &CanonicalJsonObject, version: &RoomVersion) -> Result<OwnedEventId, BuildError> {
    let id = if version.sender_chooses_event_id() {
        match object.get("event_id") {
            Some(CanonicalJsonValue::String(id)) => id.clone(),
            _ => return Err(BuildError::Missing("event_id")),
        }
    } else {
        format!("${}", reference_hash(object, version.rules())?)
    };
    OwnedEventId::try_from(id)
        .map_err(|_| FormError::Field { field: "event_id", problem: "is not an event id" }.into())
}

fn text(text: &str) -> CanonicalJsonValue {
    CanonicalJsonValue::String(text.to_owned())
}

fn number(number: u64) -> CanonicalJsonValue {
    let clamped = i64::try_from(number).unwrap_or(INTEGER_MAX).min(INTEGER_MAX);
    CanonicalJsonValue::Integer(Int::new_saturating(clamped))
}

/// Room versions 1 and 2 pair each id with hashes, which nobody checks: an empty object, as other servers send.
fn references(ids: &[OwnedEventId], version: &RoomVersion) -> CanonicalJsonValue {
    let reference = |id: &OwnedEventId| {
        if version.sender_chooses_event_id() {
            let hashes = CanonicalJsonValue::Object(CanonicalJsonObject::new());
            CanonicalJsonValue::Array(vec![text(id.as_str()), hashes])
        } else {
            text(id.as_str())
        }
    };
    CanonicalJsonValue::Array(ids.iter().map(reference).collect())
}

#[cfg(test)]
#[path = "build_tests.rs"]
mod tests;

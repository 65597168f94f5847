//! Canonical JSON: the one byte form of an event, and the gate that hostile JSON meets before any parser
//! that recurses. <https://spec.matrix.org/v1.19/appendices/#canonical-json>

use model::{
    RoomVersion,
    limits::{AUTH_EVENTS_MAX, EVENT_BYTES_MAX, EVENT_FIELD_BYTES_MAX, NESTING_MAX, PREV_EVENTS_MAX},
};
use ruma::{CanonicalJsonObject, CanonicalJsonValue, OwnedEventId, RoomId, UserId};

/// Why JSON cannot be an event.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// Larger than an event or one of its fields may be.
    #[error("{what} is larger than {bytes_max} bytes")]
    TooLarge {
        /// The event or the field.
        what: &'static str,
        /// The bound.
        bytes_max: usize,
    },
    /// Nested deeper than [`NESTING_MAX`].
    #[error("nested deeper than {NESTING_MAX} levels")]
    TooDeep,
    /// Not JSON, or JSON with no canonical form: floats, integers beyond 2^53 − 1.
    #[error("not canonical JSON: {0}")]
    NotCanonical(String),
    /// A field is missing or has a type or value that the event format forbids.
    #[error("`{field}` {problem}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// Refuses JSON that nests deeper than [`NESTING_MAX`].
///
/// # Errors
/// [`FormError::TooDeep`].
pub fn check_nesting(json: &[u8]) -> Result<(), FormError> {
    if nests_deeper(json, NESTING_MAX) { Err(FormError::TooDeep) } else { Ok(()) }
}

/// Whether arrays and objects nest deeper than `nesting_max`. One pass without recursion or allocation, for bytes
/// from outside that a recursive parser gets next; text that is no JSON gets some answer and is the parser's to refuse.
pub fn nests_deeper(json: &[u8], nesting_max: usize) -> bool {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > nesting_max {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// Reads an object that has a canonical form. Of a key that appears twice the last value counts, as in every
/// other server.
///
/// # Errors
/// Too deep, too large for an event, not JSON, or without canonical form.
pub fn parse_object(json: &[u8]) -> Result<CanonicalJsonObject, FormError> {
    if json.len() > 4 * EVENT_BYTES_MAX {
        return Err(FormError::TooLarge { what: "the JSON object", bytes_max: 4 * EVENT_BYTES_MAX });
    }
    check_nesting(json)?;
    serde_json::from_slice(json).map_err(|error| FormError::NotCanonical(error.to_string()))
}

/// The canonical bytes of an object.
///
/// # Errors
/// [`FormError::NotCanonical`]; cannot happen for values that were parsed.
pub fn to_bytes(object: &CanonicalJsonObject) -> Result<Vec<u8>, FormError> {
    serde_json::to_vec(object).map_err(|error| FormError::NotCanonical(error.to_string()))
}

/// Checks the format of a whole event, signatures included: sizes, required fields, their types and ranges.
/// Returns nothing but the verdict; hashes, signatures and permission are other steps.
/// <https://spec.matrix.org/v1.19/client-server-api/#size-limits>
///
/// # Errors
/// See [`FormError`].
pub fn check_event(object: &CanonicalJsonObject, version: &RoomVersion) -> Result<(), FormError> {
    if to_bytes(object)?.len() > EVENT_BYTES_MAX {
        return Err(FormError::TooLarge { what: "the event", bytes_max: EVENT_BYTES_MAX });
    }
    let format = &version.rules().event_format;
    let kind = required_key(object, "type", version)?;
    let sender = required_text(object, "sender")?;
    if <&UserId>::try_from(sender).is_err() {
        return Err(FormError::Field { field: "sender", problem: "is not a user id" });
    }
    if kind != "m.room.create" || format.require_room_create_room_id {
        let room_id = required_text(object, "room_id")?;
        if <&RoomId>::try_from(room_id).is_err() {
            return Err(FormError::Field { field: "room_id", problem: "is not a room id" });
        }
    }
    if format.require_event_id {
        required_text(object, "event_id")?;
    }
    if object.contains_key("state_key") {
        required_key(object, "state_key", version)?;
    }
    if !matches!(object.get("content"), Some(CanonicalJsonValue::Object(_))) {
        return Err(FormError::Field { field: "content", problem: "is not an object" });
    }
    check_references(object, "prev_events", PREV_EVENTS_MAX, version)?;
    check_references(object, "auth_events", AUTH_EVENTS_MAX, version)?;
    check_number(object, "depth", true)?;
    check_number(object, "origin_server_ts", false)
}

fn required_text<'a>(object: &'a CanonicalJsonObject, field: &'static str) -> Result<&'a str, FormError> {
    let text = text_of(object, field)?;
    if text.len() > EVENT_FIELD_BYTES_MAX {
        return Err(FormError::TooLarge { what: field, bytes_max: EVENT_FIELD_BYTES_MAX });
    }
    Ok(text)
}

/// A type or a state key. In versions that count code points one with too many bytes has the form of an event all the
/// same, so that what follows on it is understood; the rules reject it ([`crate::auth::check_references`]).
fn required_key<'a>(
    object: &'a CanonicalJsonObject,
    field: &'static str,
    version: &RoomVersion,
) -> Result<&'a str, FormError> {
    let text = text_of(object, field)?;
    if version.measures_keys_in_bytes() || text.chars().count() > EVENT_FIELD_BYTES_MAX {
        return required_text(object, field);
    }
    Ok(text)
}

fn text_of<'a>(object: &'a CanonicalJsonObject, field: &'static str) -> Result<&'a str, FormError> {
    match object.get(field) {
        Some(CanonicalJsonValue::String(text)) => Ok(text),
        Some(_) => Err(FormError::Field { field, problem: "is not a string" }),
        None => Err(FormError::Field { field, problem: "is missing" }),
    }
}

fn check_number(object: &CanonicalJsonObject, field: &'static str, positive: bool) -> Result<(), FormError> {
    match object.get(field) {
        Some(CanonicalJsonValue::Integer(number)) if !positive || i64::from(*number) >= 0 => Ok(()),
        Some(CanonicalJsonValue::Integer(_)) => Err(FormError::Field { field, problem: "is negative" }),
        Some(_) => Err(FormError::Field { field, problem: "is not an integer" }),
        None => Err(FormError::Field { field, problem: "is missing" }),
    }
}

/// References are `[id, hashes]` pairs in room versions 1 and 2, plain ids later.
fn check_references(
    object: &CanonicalJsonObject,
    field: &'static str,
    count_max: usize,
    version: &RoomVersion,
) -> Result<(), FormError> {
    let Some(CanonicalJsonValue::Array(references)) = object.get(field) else {
        return Err(FormError::Field { field, problem: "is not an array" });
    };
    if references.len() > count_max {
        return Err(FormError::Field { field, problem: "names too many events" });
    }
    for reference in references {
        let id = match reference {
            CanonicalJsonValue::String(id) if !version.sender_chooses_event_id() => Some(id),
            CanonicalJsonValue::Array(pair) if version.sender_chooses_event_id() => match pair.first() {
                Some(CanonicalJsonValue::String(id)) => Some(id),
                _ => None,
            },
            _ => None,
        };
        if id.is_none_or(|id| OwnedEventId::try_from(id.as_str()).is_err()) {
            return Err(FormError::Field {
                field,
                problem: "holds something that is not an event reference",
            });
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "canonical_tests.rs"]
mod tests;

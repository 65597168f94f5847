//! Fields of an event, or why they are none.

use bridge_api::{ConversationId, MessageId, PersonId};
use serde_json::Value;

use super::EventError;
use crate::ids::{ChatId, MessageKey, OpenId};

/// The text of a field; empty when there is none.
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The items of a list; none when there is none.
pub fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Milliseconds that the platform writes as a text, sometimes as a number, sometimes as microseconds.
pub fn milliseconds(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    let number: u64 = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())?;
    // Sixteen digits are microseconds until the year 5138, ten are seconds.
    Some(match number {
        0..100_000_000_000 => number * 1000,
        100_000_000_000..100_000_000_000_000 => number,
        _ => number / 1000,
    })
}

/// The conversation of a field.
pub fn conversation(value: &Value, key: &str) -> Result<ConversationId, EventError> {
    let id = ChatId::parse(text(value, key)).ok_or_else(|| EventError::missing(key))?;
    ConversationId::new(id.as_str()).map_err(|_| EventError::missing(key))
}

/// The message of a field.
pub fn message(value: &Value, key: &str) -> Result<MessageId, EventError> {
    message_of(text(value, key)).ok_or_else(|| EventError::missing(key))
}

/// A message id of the platform.
pub fn message_of(text: &str) -> Option<MessageId> {
    MessageKey::parse(text).and_then(|id| MessageId::new(id.as_str()).ok())
}

/// The person of an object of ids, or of a plain open id.
pub fn person(value: Option<&Value>) -> Option<PersonId> {
    let value = value?;
    let id = value.as_str().unwrap_or_else(|| text(value, "open_id"));
    OpenId::parse(id).and_then(|id| PersonId::new(id.as_str()).ok())
}

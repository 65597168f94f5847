//! What stands around every event, in its two generations.

use serde_json::Value;

use super::fields::{milliseconds, text};
use crate::limits::ID_BYTES_MAX;

/// An event without what is around it.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// What kind it is (`im.message.receive_v1`).
    pub kind: String,
    /// By what it is known. The same message may come under another one.
    pub id: String,
    /// When, in milliseconds since the Unix epoch; 0 when the platform does not say.
    pub at_ms: u64,
    /// The text by which webhooks show that it is the platform. Empty on long connections.
    pub token: String,
    /// The company that it is about.
    pub tenant: String,
    /// The event itself.
    pub event: Value,
}

/// Why bytes are no event.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// No JSON, or no event in it.
    #[error("no event: {0}")]
    Senseless(String),
}

impl EventError {
    /// A field that every such event has.
    pub fn missing(field: &str) -> Self {
        Self::Senseless(format!("the field {field} is missing or has another form"))
    }
}

impl Envelope {
    /// Reads an event of either generation; `schema` tells which.
    ///
    /// # Errors
    /// [`EventError`].
    pub fn read(raw: &[u8]) -> Result<Self, EventError> {
        let value: Value =
            serde_json::from_slice(raw).map_err(|error| EventError::Senseless(error.to_string()))?;
        let envelope = if value.get("schema").is_some() { Self::second(&value) } else { Self::first(&value) };
        let fits = |id: &str| {
            !id.is_empty() && id.len() <= ID_BYTES_MAX / 2 && id.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if envelope.kind.is_empty() {
            return Err(EventError::missing("event_type"));
        }
        if fits(&envelope.id) { Ok(envelope) } else { Err(EventError::missing("event_id")) }
    }

    fn second(value: &Value) -> Self {
        let header = value.get("header").unwrap_or(&Value::Null);
        Self {
            kind: text(header, "event_type").to_owned(),
            id: text(header, "event_id").to_owned(),
            at_ms: milliseconds(header.get("create_time")).unwrap_or_default(),
            token: text(header, "token").to_owned(),
            tenant: text(header, "tenant_key").to_owned(),
            event: value.get("event").cloned().unwrap_or(Value::Null),
        }
    }

    fn first(value: &Value) -> Self {
        let event = value.get("event").cloned().unwrap_or(Value::Null);
        // Seconds with a fraction.
        let seconds = text(value, "ts").split('.').next().and_then(|text| text.parse::<u64>().ok());
        Self {
            kind: text(&event, "type").to_owned(),
            id: text(value, "uuid").to_owned(),
            at_ms: seconds.unwrap_or_default().saturating_mul(1000),
            token: text(value, "token").to_owned(),
            tenant: text(&event, "tenant_key").to_owned(),
            event,
        }
    }
}

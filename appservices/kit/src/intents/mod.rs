//! What a user of ours does at the homeserver, by the words of the specification.
//!
//! Bots read with it; what they send goes through the outbox.

mod account;
mod media;
mod members;
mod messages;
mod people;
mod rooms;

use std::sync::Arc;

use ruma::{EventId, OwnedDeviceId, OwnedEventId, OwnedUserId, UserId};
use serde_json::Value;

use crate::wire::{Call, CallError, Wire};

/// A user of ours at the homeserver.
#[derive(Clone)]
pub struct Intent {
    wire: Arc<dyn Wire>,
    user: OwnedUserId,
    /// Its device, for what concerns keys.
    device: Option<OwnedDeviceId>,
}

impl Intent {
    pub(crate) fn new(wire: Arc<dyn Wire>, user: OwnedUserId) -> Self {
        Self { wire, user, device: None }
    }

    /// The same with a device.
    pub(crate) fn speaking_as(self, device: Option<OwnedDeviceId>) -> Self {
        Self { device, ..self }
    }

    /// Who this is.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }

    async fn chunk(&self, call: Call) -> Result<Vec<Value>, CallError> {
        let mut answer = self.wire.call(&self.user, call).await?;
        Ok(events_of(&mut answer))
    }

    async fn event(&self, call: Call) -> Result<OwnedEventId, CallError> {
        let answer = self.wire.call(&self.user, call).await?;
        let event = answer["event_id"].as_str().and_then(|event| EventId::parse(event).ok());
        event.ok_or_else(|| CallError::Unreachable("the event has no id".to_owned()))
    }
}

/// The events of an answer that has a chunk of them.
pub(crate) fn events_of(answer: &mut Value) -> Vec<Value> {
    match answer["chunk"].take() {
        Value::Array(events) => events,
        _ => Vec::new(),
    }
}

/// Turns "there is none" into none.
fn found(answer: Result<Value, CallError>) -> Result<Option<Value>, CallError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is("M_NOT_FOUND") => Ok(None),
        Err(error) => Err(error),
    }
}

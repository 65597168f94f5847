//! People whose names or pictures changed.

use bridge_api::{Arrival, Happened};
use serde_json::Value;

use super::{Envelope, EventError, Ourselves, arrival};
use crate::person;

/// What the event itself says of the person. Fields are missing where the app has no right to them, departments
/// always: who needs more asks the directory.
pub fn changed(envelope: &Envelope, ours: &Ourselves) -> Result<Vec<Arrival>, EventError> {
    let found = envelope.event.get("object").unwrap_or(&Value::Null);
    let found = person::of_contacts(found).ok_or_else(|| EventError::missing("object"))?;
    Ok(vec![arrival(envelope, ours, None, Happened::PersonChanged(found))?])
}

//! People whose names or pictures changed, and who left the company.

use bridge_api::{Arrival, Happened};
use serde_json::Value;

use super::{Envelope, EventError, Ourselves, arrival, fields::person};
use crate::person as people;

/// What the event itself says of the person. Fields are missing where the app has no right to them, departments
/// always: who needs more asks the directory.
pub fn changed(envelope: &Envelope, ours: &Ourselves) -> Result<Vec<Arrival>, EventError> {
    let found = envelope.event.get("object").unwrap_or(&Value::Null);
    if has_left(found) {
        return gone(envelope, ours);
    }
    let found = people::of_contacts(found).ok_or_else(|| EventError::missing("object"))?;
    Ok(vec![arrival(envelope, ours, None, Happened::PersonChanged(found))?])
}

/// Somebody who left the company. What is left of them may stand in either half of the event.
pub fn gone(envelope: &Envelope, ours: &Ourselves) -> Result<Vec<Arrival>, EventError> {
    let found = ["object", "old_object"].into_iter().find_map(|half| person(envelope.event.get(half)));
    let found = found.ok_or_else(|| EventError::missing("object"))?;
    Ok(vec![arrival(envelope, ours, None, Happened::PersonGone(found))?])
}

/// Whether the address book says that somebody is of the company no more; it says nothing without its right.
fn has_left(user: &Value) -> bool {
    let is = |mark: &str| user.pointer(&format!("/status/{mark}")).and_then(Value::as_bool) == Some(true);
    is("is_resigned") || is("is_exited")
}

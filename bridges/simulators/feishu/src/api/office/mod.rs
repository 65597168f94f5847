//! The APIs of tasks, calendars, meetings and approvals.

pub(super) mod attendees;
pub(super) mod calendar;
pub(super) mod calendar_list;
pub(super) mod calendars;
pub(super) mod comments;
pub(super) mod external;
pub(super) mod external_instances;
pub(super) mod external_lists;
pub(super) mod free_busy;
pub(super) mod meetings;
pub(super) mod native;
pub(super) mod native_changes;
pub(super) mod tasks;
mod tasks_read;

use serde_json::Value;

use super::Call;
use crate::refusal::Refusal;
use crate::state::State;

/// A text of an object; empty when it is missing.
fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The items of a list; none when it is missing.
fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A time that stands as a text of digits, or as a number.
fn time(value: &Value, name: &str) -> Option<u64> {
    let time = value.get(name)?;
    time.as_u64().or_else(|| time.as_str()?.parse().ok())
}

/// The `user_id` of somebody whom a call names in the kind of id that its query says.
fn person(state: &State, call: &Call, id: &str) -> Result<String, Refusal> {
    let found = state.person(&call.app, call.query_or("user_id_type", "open_id"), id)?;
    Ok(found.user_id.clone())
}

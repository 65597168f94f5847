//! Small things that the translations share.

use bytes::Bytes;
use ruma::{UInt, api::client::filter::FilterDefinition};
use serde_json::Value;
use sync::{FilterChoice, StateForm, SyncRequest};

use crate::{App, Caller, MatrixError};

/// A `/sync` of the caller as a tree. These endpoints are rare; nothing else parses an answer again.
pub async fn sync(
    app: &App,
    caller: &Caller,
    since: Option<String>,
    filter: FilterDefinition,
    timeout_ms: u64,
) -> Result<Value, MatrixError> {
    let request = SyncRequest {
        user: caller.user.clone(),
        // No device: old clients would never see its messages, which must wait for one that does.
        device: None,
        filter: FilterChoice::Inline(Box::new(filter)),
        since,
        full_state: false,
        state_form: StateForm::After,
        timeout_ms,
        set_presence: ruma::presence::PresenceState::Online,
    };
    let body = app.sync.answer(request).await?;
    serde_json::from_slice(&body).map_err(|error| MatrixError::internal("read own answer", error))
}

/// A filter for timelines of this length, with rooms that were left if so wanted.
pub fn filter(limit: u64, left_rooms: bool) -> FilterDefinition {
    let mut filter = FilterDefinition::default();
    filter.room.timeline.limit = Some(UInt::new_saturating(limit));
    filter.room.include_leave = left_rooms;
    filter
}

/// Takes a list out of an object of an answer.
pub fn list(object: &mut Value, path: &str) -> Vec<Value> {
    match object.pointer_mut(path).map(Value::take) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}

/// The same list with the room's id in every event, as old clients expect it.
pub fn in_room(mut events: Vec<Value>, room_id: &str) -> Vec<Value> {
    for event in &mut events {
        if let Value::Object(event) = event {
            event.insert("room_id".to_owned(), room_id.into());
        }
    }
    events
}

/// Stored events as trees.
pub fn parsed(events: &[Bytes]) -> Vec<Value> {
    events.iter().filter_map(|event| serde_json::from_slice(event).ok()).collect()
}

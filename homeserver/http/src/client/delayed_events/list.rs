//! `GET /_matrix/client/unstable/org.matrix.msc4140/delayed_events`, and one of them.

use axum::extract::State;
use delivery::delayed_events::{DelayedEvent, DelayedEventQuery, Failure, Outcome, Status};
use ruma::api::client::delayed_events::{get_all_delayed_events, get_delayed_event};
use serde_json::{Map, Value, json};

use crate::{App, Authed, JsonBytes, MatrixError, errors::ErrorCode, extract::Raw};

/// The caller's delayed events; without `status` those that wait.
pub async fn all(
    State(app): State<App>,
    Authed { caller, request }: Authed<Raw<get_all_delayed_events::unstable::Request>>,
) -> Result<JsonBytes, MatrixError> {
    let status = match request.query.get("status").as_deref() {
        None | Some("scheduled") => Status::Scheduled,
        Some("finalised" | "finalized") => Status::Finalised,
        Some(_) => return Err(MatrixError::invalid_param("status is scheduled or finalised")),
    };
    let query = DelayedEventQuery {
        status,
        delay_ids: request.query.all("delay_id").collect(),
        from: request.query.get("from"),
    };
    let page = app.delayed_events.list(&caller.user, &query).await?;
    let mut body = Map::new();
    body.insert("delayed_events".to_owned(), page.events.iter().map(event).collect());
    if let Some(next_batch) = page.next_batch {
        body.insert("next_batch".to_owned(), next_batch.into());
    }
    Ok(JsonBytes(Value::Object(body).to_string().into()))
}

/// One of the caller's delayed events.
pub async fn one(
    State(app): State<App>,
    Authed { caller, request }: Authed<get_delayed_event::unstable::Request>,
) -> Result<JsonBytes, MatrixError> {
    let found = app.delayed_events.get(&caller.user, &request.delay_id).await?;
    Ok(JsonBytes(event(&found).to_string().into()))
}

/// With the names of the older text and of the newest beside each other.
fn event(event: &DelayedEvent) -> Value {
    let content: Value = serde_json::from_str(&event.content).unwrap_or_default();
    let mut shown = json!({
        "delay_id": event.delay_id,
        "room_id": event.room_id,
        "type": event.kind,
        "content": content,
        "delay": event.delay_ms,
        "delay_ms": event.delay_ms,
        "running_since": event.running_since_ms,
        "scheduled_at": event.running_since_ms,
        "delayed_since_ts": event.running_since_ms,
    });
    if let Some(state_key) = &event.state_key {
        shown["state_key"] = json!(state_key);
    }
    let Some((at_ms, outcome)) = &event.finalised else { return shown };
    shown["finalised_ts"] = json!(at_ms);
    match outcome {
        Outcome::Sent(event_id) => shown["event_id"] = json!(event_id),
        Outcome::Cancelled => {}
        Outcome::Failed { failure, reason } => {
            shown["error"] = json!({ "errcode": code(*failure).as_str(), "error": reason });
        }
    }
    shown
}

fn code(failure: Failure) -> ErrorCode {
    match failure {
        Failure::Forbidden => ErrorCode::Forbidden,
        Failure::TooLarge => ErrorCode::TooLarge,
        Failure::Invalid => ErrorCode::InvalidParam,
        Failure::Internal => ErrorCode::Unknown,
    }
}

//! `/_synapse/admin/v1/purge_history`

use administration::TaskState;
use http::Method;
use ruma::{EventId, OwnedEventId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, endpoint};
use crate::{MatrixError, Routes};

pub(super) fn routes() -> Routes {
    let mut routes = Routes::new();
    routes = endpoint(routes, Method::POST, "/_synapse/admin/v1/purge_history/{room_id}", purge);
    routes = endpoint(routes, Method::POST, "/_synapse/admin/v1/purge_history/{room_id}/{event_id}", purge);
    endpoint(routes, Method::GET, "/_synapse/admin/v1/purge_history_status/{purge_id}", status)
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    delete_local_events: bool,
    #[serde(default)]
    purge_up_to_event_id: Option<OwnedEventId>,
    #[serde(default)]
    purge_up_to_ts: Option<u64>,
}

async fn purge(call: Call) -> Result<Value, MatrixError> {
    let room = call.room(0)?;
    let body: Body = call.body()?;
    if !body.delete_local_events {
        // Every event here is from this server, and purging them is what nobody else can undo.
        return Err(MatrixError::bad_request("Set delete_local_events: all events are local"));
    }
    let event = match call.argument(1) {
        "" => body.purge_up_to_event_id,
        named => Some(EventId::parse(named).map_err(|error| MatrixError::invalid_param(error.to_string()))?),
    };
    let wanted = match (event, body.purge_up_to_ts) {
        (Some(event), _) => call.app.rooms.history_before_event(&room, &event).await?,
        (None, Some(before_ms)) => call.app.rooms.history_before_time(&room, before_ms).await?,
        (None, None) => {
            return Err(MatrixError::bad_request("Name purge_up_to_event_id or purge_up_to_ts"));
        }
    };
    Ok(json!({ "purge_id": call.app.flows.purge_history(&room, wanted).await?.id }))
}

async fn status(call: Call) -> Result<Value, MatrixError> {
    let task = call.app.administration.task(call.argument(0)).await?;
    let task = task.filter(|task| task.kind == "purge_history");
    let task = task.ok_or_else(|| MatrixError::not_found("No such purge"))?;
    let status = match task.state {
        TaskState::Scheduled | TaskState::Active => "active",
        TaskState::Complete => "complete",
        TaskState::Failed => "failed",
    };
    let mut answer = json!({ "status": status });
    if let Some(error) = task.error {
        answer["error"] = error.into();
    }
    Ok(answer)
}

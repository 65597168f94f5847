//! `GET /_synapse/admin/v1/federation/destinations`: other servers that this one sends to, and how they stand.

use federation::sender::DestinationReport;
use http::Method;
use ruma::{OwnedServerName, ServerName};
use serde_json::{Value, json};

use super::call::{Call, endpoint};
use crate::{MatrixError, Routes};

pub(super) fn routes() -> Routes {
    let all = "/_synapse/admin/v1/federation/destinations";
    let one = "/_synapse/admin/v1/federation/destinations/{destination}";
    let rooms = "/_synapse/admin/v1/federation/destinations/{destination}/rooms";
    let reset = "/_synapse/admin/v1/federation/destinations/{destination}/reset_connection";
    let routes = endpoint(Routes::new(), Method::GET, all, list);
    let routes = endpoint(routes, Method::GET, one, show);
    let routes = endpoint(routes, Method::GET, rooms, owed_rooms);
    endpoint(routes, Method::POST, reset, reset_connection)
}

async fn list(call: Call) -> Result<Value, MatrixError> {
    let (from, limit) = call.page()?;
    let part = call.text("destination");
    let (page, total) = call.app.federation.sender().destinations(part.as_deref(), from, limit);
    let next = from + page.len();
    let mut answer = json!({ "destinations": page.iter().map(shown).collect::<Vec<_>>(), "total": total });
    if next < total {
        answer["next_token"] = next.to_string().into();
    }
    Ok(answer)
}

async fn show(call: Call) -> Result<Value, MatrixError> {
    let server = server(&call)?;
    call.app.federation.sender().destination(&server).as_ref().map(shown).ok_or_else(unknown)
}

async fn owed_rooms(call: Call) -> Result<Value, MatrixError> {
    let server = server(&call)?;
    let sender = call.app.federation.sender();
    sender.destination(&server).ok_or_else(unknown)?;
    let rooms = sender.owed_rooms(&server).await?;
    let shown: Vec<Value> = rooms
        .iter()
        .map(|room| json!({ "room_id": room.room_id, "stream_ordering": room.position }))
        .collect();
    Ok(json!({ "rooms": shown, "total": rooms.len() }))
}

/// Ends the pause of a destination that failed.
async fn reset_connection(call: Call) -> Result<Value, MatrixError> {
    let server = server(&call)?;
    let destination = call.app.federation.sender().destination(&server).ok_or_else(unknown)?;
    if destination.failing_since_ms.is_none() {
        return Err(MatrixError::bad_request(
            "The retry timing does not need to be reset for this destination",
        ));
    }
    call.app.federation.heard_from(&server).await;
    Ok(json!({}))
}

fn shown(report: &DestinationReport) -> Value {
    json!({
        "destination": report.destination,
        "retry_last_ts": report.retry_last_ms,
        "retry_interval": report.retry_interval_ms,
        "failure_ts": report.failing_since_ms,
        "last_successful_stream_ordering": report.acknowledged,
        "queued": report.queued,
    })
}

fn server(call: &Call) -> Result<OwnedServerName, MatrixError> {
    ServerName::parse(call.argument(0))
        .map_err(|error| MatrixError::invalid_param(format!("not a server name: {error}")))
}

fn unknown() -> MatrixError {
    MatrixError::not_found("Unknown destination")
}

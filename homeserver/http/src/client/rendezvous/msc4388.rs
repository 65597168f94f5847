//! `/_matrix/client/unstable/io.element.msc4388/rendezvous`: JSON and sequence tokens.

use axum::{
    extract::{RawPathParams, Request, State},
    http::HeaderMap,
};
use http::StatusCode;
use ruma::api::client::rendezvous::create_rendezvous_session::unstable_msc4108::Request as Create;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{id, refuse_navigation, refused};
use crate::{
    Action, App, Authed, JsonBytes, MatrixError,
    extract::{ClientInfo, Raw, read_body},
    limits::{JSON_BODY_BYTES_MAX, RENDEZVOUS_BYTES_MAX},
    rendezvous::{Mailbox, Protocol, RendezvousError},
};

const PROTOCOL: Protocol = Protocol::Msc4388;
const OVERTAKEN: (StatusCode, &str) = (StatusCode::CONFLICT, "IO_ELEMENT_MSC4388_CONCURRENT_WRITE");

#[derive(Deserialize)]
struct Payload {
    data: String,
}

#[derive(Deserialize)]
struct Update {
    sequence_token: String,
    data: String,
}

/// Whether a mailbox can be made here: by users who are logged in.
pub async fn discover() -> JsonBytes {
    JsonBytes(json!({ "create_available": true }).to_string().into())
}

/// Makes a mailbox.
pub async fn create(
    State(app): State<App>,
    Authed { request, .. }: Authed<Raw<Create>>,
) -> Result<JsonBytes, MatrixError> {
    let payload: Payload =
        serde_json::from_slice(&request.body).map_err(|error| MatrixError::bad_json(error.to_string()))?;
    let made = app.rendezvous.create(PROTOCOL, payload.data.into());
    let made = made.map_err(|error| refused(error, OVERTAKEN))?;
    let mut body = written(&app, &made);
    body["id"] = json!(made.id);
    Ok(JsonBytes(body.to_string().into()))
}

/// What the mailbox holds.
pub async fn read(
    State(app): State<App>,
    arguments: RawPathParams,
    headers: HeaderMap,
) -> Result<JsonBytes, MatrixError> {
    refuse_navigation(&headers)?;
    let found = app.rendezvous.read(PROTOCOL, &id(&arguments));
    let found = found.map_err(|error| refused(error, OVERTAKEN))?;
    let mut body = written(&app, &found);
    body["data"] = json!(String::from_utf8_lossy(&found.data));
    Ok(JsonBytes(body.to_string().into()))
}

/// Writes, if nobody else did since the writer read; what is there already may be written again.
pub async fn write(
    State(app): State<App>,
    arguments: RawPathParams,
    request: Request,
) -> Result<JsonBytes, MatrixError> {
    let (parts, body) = request.into_parts();
    app.limits.address(ClientInfo::of(&parts, &app).address, Action::Other)?;
    let body =
        read_body(&app, &parts.headers, body, (2 * RENDEZVOUS_BYTES_MAX).min(JSON_BODY_BYTES_MAX)).await?;
    let update: Update =
        serde_json::from_slice(&body).map_err(|error| MatrixError::bad_json(error.to_string()))?;
    let data = bytes::Bytes::from(update.data);
    let outcome = app.rendezvous.write(PROTOCOL, &id(&arguments), &update.sequence_token, data.clone());
    let mailbox = match outcome {
        Err(RendezvousError::Overtaken(current)) if current.data == data => *current,
        outcome => outcome.map_err(|error| refused(error, OVERTAKEN))?,
    };
    Ok(JsonBytes(json!({ "sequence_token": mailbox.mark }).to_string().into()))
}

/// Ends the mailbox.
pub async fn delete(State(app): State<App>, arguments: RawPathParams) -> Result<JsonBytes, MatrixError> {
    app.rendezvous.delete(PROTOCOL, &id(&arguments)).map_err(|error| refused(error, OVERTAKEN))?;
    Ok(JsonBytes("{}".into()))
}

fn written(app: &App, mailbox: &Mailbox) -> Value {
    let left_ms = mailbox.ends_at_ms.saturating_sub(app.clock.now_ms());
    json!({ "sequence_token": mailbox.mark, "expires_in_ms": left_ms })
}

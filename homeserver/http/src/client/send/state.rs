//! `PUT /_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}`

use axum::{
    extract::State,
    response::{IntoResponse as _, Response as HttpResponse},
};
use delivery::delayed_events::NewDelayedEvent;
use rooms::SendOptions;
use ruma::api::client::state::send_state_event::v3::{Request, Response};

use super::{sticky_duration_ms, timestamp_ms};
use crate::{
    Answer, App, GuestAllowed, MatrixError,
    client::delayed_events::schedule,
    extract::{WithQuery, visiting::check_state},
    rate_limits::Action,
};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidstateeventtypestatekey)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<WithQuery<Request>>,
) -> Result<HttpResponse, MatrixError> {
    let WithQuery { request, part: query } = request;
    let content = rooms::canonical_object(request.body.json().get())?;
    let Request { room_id, event_type, state_key, .. } = request;
    let kind = event_type.to_string();
    check_state(&caller, &kind)?;
    let sticky_duration_ms = sticky_duration_ms(&query)?;
    if let Some(delay_ms) = schedule::delay_ms(&query)? {
        let new = NewDelayedEvent {
            user: caller.user.clone(),
            room_id,
            kind,
            state_key: Some(state_key),
            content,
            delay_ms,
            sticky_duration_ms,
            transaction: None,
        };
        return Ok(schedule::instead(&app, &caller, new).await?.into_response());
    }
    app.limits.caller(&caller, Action::State)?;
    let timestamp_ms = timestamp_ms(&caller, &query)?;
    let options = SendOptions { timestamp_ms, sticky_duration_ms, ..SendOptions::default() };
    let event_id = app.flows.send_state(&room_id, &caller.user, &kind, &state_key, content, options).await?;
    Ok(Answer(Response::new(event_id)).into_response())
}

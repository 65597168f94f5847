//! `PUT /_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}`

use axum::{
    extract::State,
    response::{IntoResponse as _, Response as HttpResponse},
};
use delivery::delayed_events::NewDelayedEvent;
use ruma::api::client::state::send_state_event::v3::{Request, Response};

use crate::{
    Answer, App, GuestAllowed, MatrixError, client::delayed_events::schedule, extract::WithQuery,
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
    if let Some(delay_ms) = schedule::delay_ms(&query)? {
        let new = NewDelayedEvent {
            user: caller.user.clone(),
            room_id,
            kind,
            state_key: Some(state_key),
            content,
            delay_ms,
            transaction: None,
        };
        return Ok(schedule::instead(&app, &caller, new).await?.into_response());
    }
    app.limits.user(&caller.user, Action::State)?;
    let event_id = app.flows.send_state(&room_id, &caller.user, &kind, &state_key, content, None).await?;
    Ok(Answer(Response::new(event_id)).into_response())
}

//! `PUT /_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}`

use axum::{
    extract::State,
    response::{IntoResponse as _, Response as HttpResponse},
};
use delivery::delayed_events::NewDelayedEvent;
use ruma::api::client::message::send_message_event::v3::{Request, Response};

use super::{options, sticky_duration_ms, timestamp_ms};
use crate::{
    Answer, App, GuestAllowed, MatrixError,
    client::delayed_events::schedule,
    extract::{WithQuery, speaks::is_said_now},
    rate_limits::Action,
};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<WithQuery<Request>>,
) -> Result<HttpResponse, MatrixError> {
    let WithQuery { request, part: query } = request;
    let kind = request.event_type.to_string();
    let content = rooms::canonical_object(request.body.json().get())?;
    let sticky_duration_ms = sticky_duration_ms(&query)?;
    let delay_ms = schedule::delay_ms(&query)?;
    if caller.is_spoken_for() && !is_said_now(&kind, delay_ms.is_some()) {
        return Err(MatrixError::forbidden(
            "The application service may only speak for this user, and at once",
        ));
    }
    if let Some(delay_ms) = delay_ms {
        let transaction = schedule::transaction(&caller, "send", &request.room_id, request.txn_id.as_str());
        let new = NewDelayedEvent {
            user: caller.user.clone(),
            room_id: request.room_id,
            kind,
            state_key: None,
            content,
            delay_ms,
            sticky_duration_ms,
            transaction: Some(transaction),
        };
        return Ok(schedule::instead(&app, &caller, new).await?.into_response());
    }
    app.limits.caller(&caller, Action::Message)?;
    let mut options = options(&caller, "send", &request.room_id, request.txn_id.to_string());
    options.timestamp_ms = timestamp_ms(&caller, &query)?;
    options.sticky_duration_ms = sticky_duration_ms;
    let event_id = app.rooms.send(&request.room_id, &caller.user, &kind, content, options).await?;
    app.rooms.presence_active(&caller.user).await?;
    Ok(Answer(Response::new(event_id)).into_response())
}

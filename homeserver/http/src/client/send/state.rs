//! `PUT /_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}`

use axum::extract::State;
use ruma::api::client::state::send_state_event::v3::{Request, Response};

use crate::{Answer, App, GuestAllowed, MatrixError, rate_limits::Action};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidstateeventtypestatekey)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.user(&caller.user, Action::State)?;
    let content = rooms::canonical_object(request.body.json().get())?;
    let Request { room_id, event_type, state_key, .. } = request;
    let kind = event_type.to_string();
    let event_id = app.flows.send_state(&room_id, &caller.user, &kind, &state_key, content, None).await?;
    Ok(Answer(Response::new(event_id)))
}

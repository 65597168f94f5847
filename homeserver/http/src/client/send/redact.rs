//! `PUT /_matrix/client/v3/rooms/{roomId}/redact/{eventId}/{txnId}`

use axum::extract::State;
use ruma::api::client::redact::redact_event::v3::{Request, Response};

use super::options;
use crate::{Answer, App, Authed, MatrixError, rate_limits::Action};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidredacteventidtxnid)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.user(&caller.user, Action::Message)?;
    let options = options(&caller, "redact", &request.room_id, request.txn_id.to_string());
    let Request { room_id, event_id, reason, .. } = request;
    let event_id = app.rooms.redact(&room_id, &caller.user, &event_id, reason.as_deref(), options).await?;
    Ok(Answer(Response::new(event_id)))
}

//! `PUT /_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}`

use axum::extract::State;
use ruma::api::client::message::send_message_event::v3::{Request, Response};

use super::options;
use crate::{Answer, App, GuestAllowed, MatrixError, rate_limits::Action};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.user(&caller.user, Action::Message)?;
    let content = rooms::canonical_object(request.body.json().get())?;
    let options = options(&caller, "send", &request.room_id, request.txn_id.to_string());
    let kind = request.event_type.to_string();
    let event_id = app.rooms.send(&request.room_id, &caller.user, &kind, content, options).await?;
    app.rooms.presence_active(&caller.user).await?;
    Ok(Answer(Response::new(event_id)))
}

//! `POST /_matrix/client/v3/rooms/{roomId}/read_markers`

use axum::extract::State;
use rooms::receipts::{ReceiptKind, ReceiptScope};
use ruma::api::client::read_marker::set_read_marker::v3::{Request, Response};

use super::may_go_back;
use crate::{Answer, App, Authed, MatrixError, extract::WithBody};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidread_markers)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<WithBody<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    let WithBody { request, part: body } = request;
    let may_go_back = may_go_back(&body)?;
    let room = app.rooms.joined_room(&app.store, &caller.user, &request.room_id).await?;
    let receipts =
        [(ReceiptKind::Public, request.read_receipt), (ReceiptKind::Private, request.private_read_receipt)];
    for (kind, event_id) in receipts {
        if let Some(event_id) = event_id {
            app.rooms.set_receipt(&room, kind, &ReceiptScope::Unthreaded, &event_id).await?;
        }
    }
    if let Some(event_id) = request.fully_read {
        app.rooms.set_fully_read(&room, &event_id, may_go_back).await?;
    }
    app.rooms.presence_active(&caller.user).await?;
    Ok(Answer(Response::new()))
}

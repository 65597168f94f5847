//! `GET /_matrix/federation/v1/make_leave/{roomId}/{userId}`

use axum::extract::State;
use rooms::Membership;
use ruma::api::federation::membership::prepare_leave_event::v1::{Request, Response};

use crate::{Answer, App, MatrixError, federation::Peer};

/// [Specification](https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1make_leaveroomiduserid)
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let Request { room_id, user_id, .. } = request;
    let (version, event) =
        app.federation.template(&origin, (&room_id, &user_id), Membership::Leave, None).await?;
    Ok(Answer(Response::new(Some(version), event)))
}

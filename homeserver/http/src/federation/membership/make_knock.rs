//! `GET /_matrix/federation/v1/make_knock/{roomId}/{userId}`

use axum::extract::State;
use rooms::Membership;
use ruma::api::federation::membership::prepare_knock_event::v1::{Request, Response};

use crate::{Answer, App, MatrixError, federation::Peer};

/// [Specification](https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1make_knockroomiduserid)
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let Request { room_id, user_id, ver, .. } = request;
    let (version, event) =
        app.federation.template(&origin, (&room_id, &user_id), Membership::Knock, Some(&ver)).await?;
    Ok(Answer(Response::new(version, event)))
}

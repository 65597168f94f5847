//! `POST /_matrix/client/v3/rooms/{roomId}/invite`

use axum::extract::State;
use ruma::api::client::membership::invite_user::v3::{InvitationRecipient, Request, Response};

use crate::{Answer, App, Authed, MatrixError, rate_limits::Action};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidinvite)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.caller(&caller, Action::Invite)?;
    let InvitationRecipient::UserId(invited) = request.recipient else {
        return Err(MatrixError::bad_request("This server does not invite by third-party identifier"));
    };
    // A service may make the user now; without one the invitation is judged like any other.
    app.services.has_user(&invited.user_id).await?;
    app.flows.invite(&request.room_id, &caller.user, &invited.user_id, invited.reason.as_deref()).await?;
    Ok(Answer(Response::new()))
}

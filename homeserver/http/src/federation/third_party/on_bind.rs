//! `PUT /_matrix/federation/v1/3pid/onbind`
//!
//! An identity server says it, and identity servers sign no requests. So nothing is believed: the proof in each invite is
//! judged by the room that the invite is for.

use axum::extract::State;
use flows::SignedInvite;
use ruma::api::federation::thirdparty::bind_callback::v1::{Request, Response};

use crate::{Action, Answer, App, MatrixError, Public, limits::BOUND_INVITES_MAX};

/// [Specification](https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv13pidonbind)
pub async fn handler(
    State(app): State<App>,
    Public { request, client }: Public<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.address(client.address, Action::Invite)?;
    if !app.accounts.is_local(&request.mxid) {
        return Err(MatrixError::invalid_param("The user is not of this server"));
    }
    if request.invites.len() > BOUND_INVITES_MAX {
        return Err(MatrixError::too_large(format!("At most {BOUND_INVITES_MAX} invites may come at once")));
    }
    for invite in &request.invites {
        if invite.mxid != request.mxid {
            continue;
        }
        app.limits.text(&format!("invited {}", invite.mxid), Action::Invite)?;
        let Ok(signed) = serde_json::from_str(invite.signed.json().get()) else { continue };
        let signed =
            SignedInvite { room_id: &invite.room_id, sender: &invite.sender, target: &invite.mxid, signed };
        if let Err(error) = app.flows.claim_invite(signed).await {
            tracing::info!(room_id = %invite.room_id, user = %invite.mxid, %error, "invite by an address not had");
        }
    }
    Ok(Answer(Response::new()))
}

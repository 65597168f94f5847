//! `PUT /_matrix/federation/v1/exchange_third_party_invite/{roomId}`

use axum::extract::State;
use flows::SignedInvite;
use ruma::{
    CanonicalJsonObject,
    api::federation::thirdparty::exchange_invite::v1::{Request, Response},
    events::StateEventType,
};
use serde::Deserialize;

use crate::{Action, Answer, App, MatrixError, federation::Peer};

/// What of the proposed event is looked at; the invite is made of our own values.
#[derive(Deserialize)]
struct Content {
    membership: String,
    third_party_invite: ThirdParty,
}

#[derive(Deserialize)]
struct ThirdParty {
    signed: CanonicalJsonObject,
}

/// [Specification](https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1exchange_third_party_inviteroomid)
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    if request.kind != StateEventType::RoomMember {
        return Err(MatrixError::invalid_param("The event is no membership event"));
    }
    let content: Content = serde_json::from_str(request.content.json().get())
        .map_err(|error| MatrixError::bad_json(format!("The content is no invite by an address: {error}")))?;
    if content.membership != "invite" {
        return Err(MatrixError::invalid_param("The membership is no invite"));
    }
    if request.state_key.server_name() != origin {
        return Err(MatrixError::forbidden("The invited user lives on another server"));
    }
    app.limits.text(&format!("inviter {}", request.sender), Action::Invite)?;
    let invite = SignedInvite {
        room_id: &request.room_id,
        sender: &request.sender,
        target: &request.state_key,
        signed: content.third_party_invite.signed,
    };
    app.flows.invite_by_address(invite).await?;
    Ok(Answer(Response::new()))
}

//! Being invited: another server asks us to sign an invite of one of our users.
//! <https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2inviteroomideventid>

use model::Pdu;
use rooms::{Membership, OutsideMembership};
use rules::foreign;
use ruma::api::federation::membership::RawStrippedState;
use ruma::{EventId, OwnedUserId, RoomId, RoomVersionId, ServerName, UserId};
use serde_json::value::RawValue;

use super::HandshakeError;
use crate::Federation;

/// An invite as it came in.
#[derive(Clone, Copy, Debug)]
pub struct IncomingInvite<'a> {
    /// Who sent the request.
    pub origin: &'a ServerName,
    /// The room in the path.
    pub room_id: &'a RoomId,
    /// The event in the path.
    pub event_id: &'a EventId,
    /// The version that the room is said to have.
    pub room_version: &'a RoomVersionId,
    /// The event.
    pub event: &'a RawValue,
    /// What the invited user may see.
    pub stripped: &'a [RawStrippedState],
}

impl Federation {
    /// Who is invited by whom, before anything is checked beyond that: for rate limits.
    ///
    /// # Errors
    /// [`HandshakeError::BadRequest`] when the event does not say it.
    pub fn parties_of_invite(
        &self,
        invite: &IncomingInvite<'_>,
    ) -> Result<(OwnedUserId, OwnedUserId), HandshakeError> {
        #[derive(serde::Deserialize)]
        struct Parties {
            sender: OwnedUserId,
            state_key: OwnedUserId,
        }
        let parties: Parties = serde_json::from_str(invite.event.get())
            .map_err(|error| HandshakeError::BadRequest(format!("the event is no invite: {error}")))?;
        Ok((parties.sender, parties.state_key))
    }

    /// Checks an invite, notes it for the user, and gives it back with our signature.
    ///
    /// # Errors
    /// The invite is not what it should be, or the user does not want it.
    pub async fn accept_invite(&self, invite: IncomingInvite<'_>) -> Result<Pdu, HandshakeError> {
        let rooms = &self.parts().rooms;
        let version = model::room_version(invite.room_version)
            .ok_or_else(|| HandshakeError::IncompatibleVersion(invite.room_version.clone()))?;
        let bad = |what: String| HandshakeError::BadRequest(what);
        let received = foreign::read(invite.event.get().as_bytes(), version)
            .map_err(|error| bad(format!("the event cannot be read: {error}")))?;
        if received.event_id() != invite.event_id {
            return Err(bad("the event has another id than the path".to_owned()));
        }
        let target = self.check_invite(&invite, received.object()).await?;
        // The inviter's signature first, then ours: nothing is signed that its sender did not sign.
        self.verified(received.clone(), version).await?;
        let pdu = self.verified(rooms.co_sign_invite(received, version)?, version).await?;
        if pdu.sender().server_name() != invite.origin || pdu.room_id() != invite.room_id {
            return Err(bad("the event is of another server or room".to_owned()));
        }
        rooms.accepts_invite(pdu.room_id(), pdu.sender(), &target).await?;
        let stripped = self.shown(invite.room_id, version, invite.stripped).await?;
        self.sender().meet(invite.origin).await?;
        let is_resident = rooms.resident_room(invite.room_id).await.is_ok();
        if !is_resident {
            let outside = OutsideMembership {
                room_id: invite.room_id.to_owned(),
                version,
                user: target,
                membership: Membership::Invite,
                event: Some(pdu.clone()),
                stripped,
            };
            rooms.outside_membership(outside).await?;
        }
        Ok(pdu)
    }

    /// What has to be true before a signature is worth a look: this very kind of event, for an active local user.
    async fn check_invite(
        &self,
        invite: &IncomingInvite<'_>,
        event: &ruma::CanonicalJsonObject,
    ) -> Result<OwnedUserId, HandshakeError> {
        let text = |key: &str| event.get(key).and_then(|value| value.as_str());
        let bad = |what: &str| HandshakeError::BadRequest(what.to_owned());
        if text("type") != Some("m.room.member") {
            return Err(bad("the event is no membership event"));
        }
        let content = event.get("content").and_then(|content| content.as_object());
        let membership = content.and_then(|content| content.get("membership")).and_then(|text| text.as_str());
        if membership != Some("invite") {
            return Err(bad("the membership is no invite"));
        }
        if text("room_id") != Some(invite.room_id.as_str()) {
            return Err(bad("the event is of another room than the path"));
        }
        let sender = text("sender").and_then(|sender| UserId::parse(sender).ok());
        if sender.is_none_or(|sender| sender.server_name() != invite.origin) {
            return Err(HandshakeError::Forbidden("the inviter lives on another server".to_owned()));
        }
        let target = text("state_key").and_then(|target| UserId::parse(target).ok());
        let accounts = &self.parts().accounts;
        let Some(target) = target.filter(|target| accounts.is_local(target)) else {
            return Err(bad("the invited user does not live here"));
        };
        if !accounts.is_active(&self.parts().store, &target).await? {
            return Err(HandshakeError::Refused {
                status: 404,
                errcode: "M_NOT_FOUND".to_owned(),
                message: "the invited user does not exist".to_owned(),
            });
        }
        Ok(target)
    }
}

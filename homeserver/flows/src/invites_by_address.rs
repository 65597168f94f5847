//! Invites by an address: a member of a room invited it, and an identity server vouches for whose it is.
//! <https://spec.matrix.org/v1.19/server-server-api/#third-party-invites>
//!
//! The inviter's server makes the invite; what is decided here is only whether that is this one.

use rooms::{Inviting, RoomsError};
use ruma::{CanonicalJsonObject, RoomId, UserId};

use crate::{Flows, FlowsError};

/// What an identity server signed for somebody whose address was invited.
#[derive(Clone, Debug)]
pub struct SignedInvite<'a> {
    /// The room.
    pub room_id: &'a RoomId,
    /// Who invited the address.
    pub sender: &'a UserId,
    /// Whose address it is.
    pub target: &'a UserId,
    /// The object with the signature of the identity server.
    pub signed: CanonicalJsonObject,
}

impl Flows {
    /// Gets a local user the invite that waits for their address, from here or from the inviter's server.
    ///
    /// # Errors
    /// There is no such user here; what the room refuses, or the inviter's server.
    pub async fn claim_invite(&self, invite: SignedInvite<'_>) -> Result<(), FlowsError> {
        let flows = &self.0;
        if !flows.accounts.is_active(&flows.store, invite.target).await? {
            return Err(RoomsError::NotFound("the invited user does not exist".to_owned()).into());
        }
        if flows.rooms.is_local(invite.sender) {
            return self.invite_by_address(invite).await;
        }
        let SignedInvite { room_id, sender, target, signed } = invite;
        Ok(flows.federation.exchange_invite(room_id, sender, target, &signed).await?)
    }

    /// Makes the invite for a local inviter, of our own values and the proof.
    ///
    /// # Errors
    /// The proof is of nothing that the room knows, what the room refuses, or the server of the invited user.
    pub async fn invite_by_address(&self, invite: SignedInvite<'_>) -> Result<(), FlowsError> {
        let SignedInvite { room_id, sender, target, signed } = invite;
        let (rooms, federation) = (&self.0.rooms, &self.0.federation);
        if !rooms.is_local(sender) {
            return Err(RoomsError::forbidden("the inviter lives on another server").into());
        }
        let invite = rooms.third_party_invite_of(room_id, sender, target, signed).await?;
        federation.proof_must_stand(&invite).await?;
        if rooms.is_local(target) {
            rooms.invite_by_third_party(room_id, sender, target, invite.content).await?;
        } else {
            let inviting = Inviting { third_party: Some(invite.content), ..Inviting::default() };
            federation.invite(room_id, sender, target, &inviting).await?;
        }
        Ok(())
    }
}

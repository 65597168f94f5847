//! Inviting a user of another server: their server signs before the room hears of it.
//! <https://spec.matrix.org/v1.19/server-server-api/#inviting-to-a-room>

use rooms::{ForeignEvent, Inviting, UnsentInvite, Verdict};
use ruma::api::federation::membership::{RawStrippedState, create_invite};
use ruma::{RoomId, UserId};

use super::limits::{INVITE_TIME_MAX, TEMPLATE_BYTES_MAX};
use super::{HandshakeError, signatures};
use crate::Federation;
use crate::client::Limits;

impl Federation {
    /// Invites a user of another server into a room of ours.
    ///
    /// # Errors
    /// The room's rules, and what the other server says.
    pub async fn invite(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        target: &UserId,
        inviting: &Inviting,
    ) -> Result<(), HandshakeError> {
        let rooms = &self.parts().rooms;
        let server = target.server_name();
        let UnsentInvite { room, version, pdu, introduction } =
            rooms.unsent_invite(room_id, sender, target, inviting).await?;
        let mut shown = Vec::with_capacity(introduction.len());
        for event in &introduction {
            shown.push(RawStrippedState::Pdu(super::serve::raw(event)?));
        }
        let mut request = create_invite::v2::Request::new(
            room_id.to_owned(),
            pdu.event_id().to_owned(),
            version.id().clone(),
            super::serve::raw(&pdu)?,
            shown,
        );
        request.invite_room_state.truncate(super::limits::STRIPPED_EVENTS_MAX);
        let limits = Limits::default().within(INVITE_TIME_MAX).up_to(TEMPLATE_BYTES_MAX).insisting();
        let response = self.client().send(server, request, limits).await?;
        let received = signatures::with_signatures_of(&pdu, response.event.get(), server, version)?;
        let server_signed = received
            .object()
            .get("signatures")
            .and_then(|signatures| signatures.as_object())
            .is_some_and(|signatures| signatures.contains_key(server.as_str()));
        if !server_signed {
            return Err(HandshakeError::Failed("the server did not sign the invite".to_owned()));
        }
        let invite = self.verified(received, version).await?;
        self.sender().meet(server).await?;
        match rooms.append_pdu(room, ForeignEvent::new(invite)).await? {
            Verdict::Accepted { .. } | Verdict::Known | Verdict::Kept => Ok(()),
            Verdict::SoftFailed => {
                Err(HandshakeError::Forbidden("the room does not allow the invite now".to_owned()))
            }
            Verdict::Rejected(reason) => Err(HandshakeError::Forbidden(reason)),
        }
    }
}

//! Knocking on a room of other servers.
//! <https://spec.matrix.org/v1.19/server-server-api/#knocking-upon-a-room>

use rooms::{Membership, OutsideMembership, OwnMembership};
use ruma::api::federation::membership::{create_knock_event, prepare_knock_event};
use ruma::{CanonicalJsonObject, OwnedServerName, RoomId, ServerName, UserId};

use super::limits::{TEMPLATE_BYTES_MAX, TEMPLATE_TIME_MAX};
use super::{HandshakeError, template};
use crate::Federation;
use crate::client::Limits;

impl Federation {
    /// Knocks through servers that are in the room.
    ///
    /// # Errors
    /// The most telling answer of the servers that were asked.
    pub async fn knock(
        &self,
        room_id: &RoomId,
        user: &UserId,
        via: &[OwnedServerName],
        reason: Option<&str>,
    ) -> Result<(), HandshakeError> {
        // An answer to the knock may come before it is noted here: it waits for the end of this turn.
        let _turn = self.joins().lock(room_id).await;
        let servers = self.candidates(room_id, user, via).await?;
        if !servers.is_empty() {
            self.parts().rooms.refuse_blocked(room_id).await?;
        }
        let content = self.parts().rooms.own_knock_content(user, reason).await?;
        let content = &content;
        self.ask_around(&servers, |server| async move {
            self.knock_through(&server, room_id, user, content).await
        })
        .await
    }

    async fn knock_through(
        &self,
        server: &ServerName,
        room_id: &RoomId,
        user: &UserId,
        content: &CanonicalJsonObject,
    ) -> Result<(), HandshakeError> {
        let rooms = &self.parts().rooms;
        let mut request = prepare_knock_event::v1::Request::new(room_id.to_owned(), user.to_owned());
        request.ver = model::ROOM_VERSIONS.iter().map(|version| version.id().clone()).collect();
        let limits = Limits::default().within(TEMPLATE_TIME_MAX).up_to(TEMPLATE_BYTES_MAX).insisting();
        let response = self.client().send(server, request, limits).await?;
        let version = template::version(Some(response.room_version))?;
        if !version.authorization().knocking {
            return Err(HandshakeError::Failed("rooms of this version know no knocking".to_owned()));
        }
        let place = template::read(response.event.get(), room_id, user, Membership::Knock)?;
        let pdu = rooms.sign_membership(OwnMembership {
            room_id,
            version,
            user,
            content: content.clone(),
            prev_events: place.prev_events,
            auth_events: place.auth_events,
            depth: place.depth,
        })?;
        rooms.room_from_outside(room_id, version).await?;
        let request = create_knock_event::v1::Request::new(
            room_id.to_owned(),
            pdu.event_id().to_owned(),
            super::serve::raw(&pdu)?,
        );
        let response = self.client().send(server, request, limits).await?;
        self.sender().meet(server).await?;
        let stripped = self.shown(room_id, version, &response.knock_room_state).await?;
        let outside = OutsideMembership {
            room_id: room_id.to_owned(),
            version,
            user: user.to_owned(),
            membership: Membership::Knock,
            event: Some(pdu),
            stripped,
        };
        rooms.outside_membership(outside).await?;
        Ok(())
    }
}

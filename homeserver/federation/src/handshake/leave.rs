//! Leaving what is only known from outside: rejecting an invite, taking back a knock.
//! <https://spec.matrix.org/v1.19/server-server-api/#leaving-rooms-rejecting-invites>

use model::{Pdu, RoomNum, RoomVersion};
use rooms::{Membership, OutsideMembership, OwnMembership};
use ruma::api::federation::membership::{create_leave_event, prepare_leave_event};
use ruma::{RoomId, ServerName, UserId};

use super::limits::{TEMPLATE_BYTES_MAX, TEMPLATE_TIME_MAX};
use super::{HandshakeError, template};
use crate::Federation;
use crate::client::Limits;

impl Federation {
    /// Ends the invite or knock of a local user in a room that this server is not in. Whoever can be reached is told; when
    /// nobody can be, the user is rid of it all the same.
    ///
    /// # Errors
    /// Our own store's.
    pub async fn leave(
        &self,
        room_id: &RoomId,
        user: &UserId,
        reason: Option<&str>,
    ) -> Result<(), HandshakeError> {
        let rooms = &self.parts().rooms;
        let servers = self.candidates(room_id, user, &[]).await?;
        let told =
            self.ask_around(&servers, |server| async move {
                self.leave_through(&server, room_id, user, reason).await
            })
            .await;
        let room = rooms.known_room(rooms.store(), room_id).await?;
        let version = rooms.room_version(rooms.store(), room).await?;
        let event = match told {
            Ok((_, pdu)) => Some(pdu),
            Err(error) => {
                tracing::info!(%room_id, %user, %error, "nobody could be told that an invite is rejected");
                self.leave_alone(room, (room_id, user), version, reason).await?
            }
        };
        let outside = OutsideMembership {
            room_id: room_id.to_owned(),
            version,
            user: user.to_owned(),
            membership: Membership::Leave,
            event,
            stripped: Vec::new(),
        };
        rooms.outside_membership(outside).await?;
        Ok(())
    }

    /// The leave that nobody else gets: it stands on the invite or knock that it ends, for the user to see.
    async fn leave_alone(
        &self,
        room: RoomNum,
        (room_id, user): (&RoomId, &UserId),
        version: &'static RoomVersion,
        reason: Option<&str>,
    ) -> Result<Option<Pdu>, HandshakeError> {
        let rooms = &self.parts().rooms;
        let Some(member) = rooms.member(rooms.store(), room, user).await? else { return Ok(None) };
        if member.event.get() == 0 {
            return Ok(None);
        }
        let ended = rooms.pdu(rooms.store(), member.event).await?;
        let own = OwnMembership {
            room_id,
            version,
            user,
            content: rooms.own_leave_content(reason),
            prev_events: vec![ended.event_id().to_owned()],
            auth_events: vec![ended.event_id().to_owned()],
            depth: ended.depth() + 1,
        };
        Ok(Some(rooms.sign_membership(own)?))
    }

    async fn leave_through(
        &self,
        server: &ServerName,
        room_id: &RoomId,
        user: &UserId,
        reason: Option<&str>,
    ) -> Result<(&'static RoomVersion, Pdu), HandshakeError> {
        let rooms = &self.parts().rooms;
        let request = prepare_leave_event::v1::Request::new(room_id.to_owned(), user.to_owned());
        let limits = Limits::default().within(TEMPLATE_TIME_MAX).up_to(TEMPLATE_BYTES_MAX);
        let response = self.client().send(server, request, limits).await?;
        let version = template::version(response.room_version)?;
        let place = template::read(response.event.get(), room_id, user, Membership::Leave)?;
        let pdu = rooms.sign_membership(OwnMembership {
            room_id,
            version,
            user,
            content: rooms.own_leave_content(reason),
            prev_events: place.prev_events,
            auth_events: place.auth_events,
            depth: place.depth,
        })?;
        let request = create_leave_event::v2::Request::new(
            room_id.to_owned(),
            pdu.event_id().to_owned(),
            super::serve::raw(&pdu)?,
        );
        self.client().send(server, request, limits).await?;
        Ok((version, pdu))
    }
}

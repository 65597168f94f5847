//! Templates: what a membership event of another server's user must say to fit into a room of ours.

use model::RoomVersion;
use ruma::{CanonicalJsonObject, OwnedEventId, OwnedRoomId, OwnedUserId, RoomId, UserId};

use crate::append::{Draft, NewEvent};
use crate::json::text;
use crate::member::Membership;
use crate::{Rooms, RoomsError};

/// An event that another server may build, sign and send back.
#[derive(Clone, Debug)]
pub struct MembershipTemplate {
    /// The room.
    pub room_id: OwnedRoomId,
    /// The rules it must follow.
    pub version: &'static RoomVersion,
    /// Sender and state key.
    pub user: OwnedUserId,
    /// The content: the membership, and who vouches where the room asks for that.
    pub content: CanonicalJsonObject,
    /// Its parents.
    pub prev_events: Vec<OwnedEventId>,
    /// What gives it the right.
    pub auth_events: Vec<OwnedEventId>,
    /// One more than its parents.
    pub depth: u64,
    /// The time now, in ms since 1970.
    pub origin_server_ts: u64,
}

impl Rooms {
    /// What a user of another server has to sign to join, knock or leave. Nothing is stored.
    ///
    /// # Errors
    /// [`RoomsError::RoomNotFound`] when no local user is joined; the room's rules; for restricted rooms
    /// [`RoomsError::UnableToAuthoriseJoin`] and [`RoomsError::UnableToGrantJoin`].
    pub async fn membership_template(
        &self,
        room_id: &RoomId,
        user: &UserId,
        membership: Membership,
    ) -> Result<MembershipTemplate, RoomsError> {
        let room = self.resident_room(room_id).await?;
        let mut content = CanonicalJsonObject::from([("membership".to_owned(), text(membership.as_str()))]);
        if membership == Membership::Join {
            self.add_authoriser(room, user, &mut content).await?;
        }
        let new = NewEvent::state(user.to_owned(), "m.room.member", user.as_str(), content.clone());
        // What is not durable yet is named to nobody.
        let mut writer = self.lock_durable(room).await?;
        let mut draft = Draft::open(self, room, &mut writer).await?;
        let pdu = draft.build_unsent(&new).await?;
        Ok(MembershipTemplate {
            room_id: room_id.to_owned(),
            version: draft.version(),
            user: user.to_owned(),
            content,
            prev_events: pdu.prev_events().to_vec(),
            auth_events: pdu.auth_events().to_vec(),
            depth: pdu.depth(),
            origin_server_ts: pdu.origin_server_ts(),
        })
    }
}

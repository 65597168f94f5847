//! Knocking: asking to be let in.

use ruma::{RoomId, UserId};

use crate::member::Membership;
use crate::{Rooms, RoomsError};

impl Rooms {
    /// Knocks on a room. Knocking again replaces the first knock.
    ///
    /// # Errors
    /// The room is unknown, its join rule allows no knocking, or the user is in, invited or banned.
    pub async fn knock(
        &self,
        room_id: &RoomId,
        user: &UserId,
        reason: Option<&str>,
    ) -> Result<(), RoomsError> {
        let store = &self.parts.store;
        let room = self.known_room(store, room_id).await?;
        self.must_not_be_blocked(room_id).await?;
        match self.member(store, room, user).await?.map(|member| member.membership) {
            Some(Membership::Join) => return Err(RoomsError::forbidden("you are in this room already")),
            Some(Membership::Invite) => return Err(RoomsError::forbidden("you are invited already")),
            Some(Membership::Ban) => return Err(RoomsError::forbidden("you are banned from this room")),
            Some(Membership::Leave | Membership::Knock) | None => {}
        }
        let content = self.profile_content(user).await?;
        self.set_membership(room, user, user, Membership::Knock, content, reason).await.map(|_| ())
    }
}

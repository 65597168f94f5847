//! Joins of rooms that this server has.

use model::RoomNum;
use ruma::{CanonicalJsonObject, OwnedRoomId, RoomId, RoomOrAliasId, UserId};

use super::restricted::Admission;
use crate::json::text;
use crate::member::Membership;
use crate::{Rooms, RoomsError};

/// What a user says when joining.
#[derive(Clone, Debug, Default)]
pub struct Joining {
    /// Why.
    pub reason: Option<String>,
    /// Further keys for the member event; the ones that this server sets win.
    pub extra: CanonicalJsonObject,
    /// The user is a guest, whom the room must welcome.
    pub is_guest: bool,
}

impl Rooms {
    /// The room that an id or a local alias names.
    ///
    /// # Errors
    /// No such alias or room here.
    pub async fn resolve(&self, room: &RoomOrAliasId) -> Result<OwnedRoomId, RoomsError> {
        match <&RoomId>::try_from(room) {
            Ok(room_id) => Ok(room_id.to_owned()),
            Err(alias) => self.room_of_alias(alias).await,
        }
    }

    /// Joins a room. Joining again without a new content changes nothing. Returns whether the user was
    /// outside before.
    ///
    /// # Errors
    /// The room is unknown, the join rule or a ban keeps the user out, no member here may let a user
    /// in who meets the conditions of a restricted room.
    pub async fn join(&self, room_id: &RoomId, user: &UserId, joining: &Joining) -> Result<bool, RoomsError> {
        let store = &self.parts.store;
        let room = self.known_room(store, room_id).await?;
        self.must_not_be_blocked(room_id).await?;
        let member = self.member(store, room, user).await?.map(|member| member.membership);
        if member == Some(Membership::Join) && joining.extra.is_empty() && joining.reason.is_none() {
            return Ok(false);
        }
        if joining.is_guest {
            self.must_welcome_guests(room).await?;
        }
        let mut content = joining.extra.clone();
        content.remove("join_authorised_via_users_server");
        content.extend(self.profile_content(user).await?);
        self.add_authoriser(room, user, &mut content).await?;
        let reason = joining.reason.as_deref();
        self.set_membership(room, user, user, Membership::Join, content, reason).await?;
        Ok(member != Some(Membership::Join))
    }

    /// Names in the content of a join who vouches for it, where the room asks for that.
    pub(crate) async fn add_authoriser(
        &self,
        room: RoomNum,
        user: &UserId,
        content: &mut CanonicalJsonObject,
    ) -> Result<(), RoomsError> {
        let member = self.member(&self.parts.store, room, user).await?.map(|member| member.membership);
        if matches!(member, Some(Membership::Join | Membership::Invite)) {
            return Ok(());
        }
        match self.admission(room, user).await? {
            Admission::ByTheRules => {}
            Admission::Through(authoriser) => {
                content.insert("join_authorised_via_users_server".to_owned(), text(authoriser.as_str()));
            }
        }
        Ok(())
    }

    pub(crate) async fn must_welcome_guests(&self, room: RoomNum) -> Result<(), RoomsError> {
        #[derive(serde::Deserialize)]
        struct Content {
            guest_access: String,
        }
        let event = self.current_state(&self.parts.store, room, "m.room.guest_access", "").await?;
        let content = event.and_then(|pdu| pdu.content_as::<Content>().ok());
        if content.is_some_and(|content| content.guest_access == "can_join") {
            Ok(())
        } else {
            Err(RoomsError::forbidden("guests may not join this room"))
        }
    }
}

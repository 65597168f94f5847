//! Joining, leaving and everything between, for local users.
//!
//! The auth rules of the room version have the last word inside [`crate::append`]; what is here
//! fills in contents and refuses what the rules would let through by accident (kicking somebody who
//! is not there). Joining a room that this server does not have is not done here.

mod forget;
mod invites;
mod join;
mod knock;
mod profile;
mod restricted;
mod third_party;

use model::RoomNum;
use ruma::{CanonicalJsonObject, CanonicalJsonValue, OwnedUserId, RoomId, UserId};

pub use join::Joining;
pub use third_party::ThirdPartyInvite;

use crate::append::{Appended, NewEvent};
use crate::json::text;
use crate::member::Membership;
use crate::{Rooms, RoomsError};

impl Rooms {
    /// Invites a user.
    ///
    /// # Errors
    /// No right, the user is in the room or banned, the user lives on another server.
    pub async fn invite(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        target: &UserId,
        reason: Option<&str>,
    ) -> Result<Appended, RoomsError> {
        let room = self.room_of_actor(room_id).await?;
        self.must_not_be_blocked(room_id).await?;
        if !self.is_local(target) {
            self.must_be_joined(room, sender).await?;
            return Err(RoomsError::Unsupported(format!("{target} lives on another server")));
        }
        self.must_be_joined(room, sender).await?;
        self.must_accept_invite(sender, target).await?;
        let content = self.profile_content(target).await?;
        self.set_membership(room, sender, target, Membership::Invite, content, reason).await
    }

    /// Leaves a room, rejects an invite or takes back a knock. Leaving twice changes nothing.
    ///
    /// # Errors
    /// The user never was in the room, or is banned.
    pub async fn leave(
        &self,
        room_id: &RoomId,
        user: &UserId,
        reason: Option<&str>,
    ) -> Result<(), RoomsError> {
        let store = &self.parts.store;
        let room = self.known_room(store, room_id).await?;
        let member = self.member(store, room, user).await?;
        match member.map(|member| member.membership) {
            None => Err(RoomsError::forbidden("you are not in this room")),
            Some(Membership::Leave) => Ok(()),
            Some(Membership::Ban) => Err(RoomsError::forbidden("you are banned from this room")),
            Some(Membership::Join | Membership::Invite | Membership::Knock) => {
                let content = CanonicalJsonObject::new();
                self.set_membership(room, user, user, Membership::Leave, content, reason).await.map(|_| ())
            }
        }
    }

    /// Removes a member, an invite or a knock. `redact_events` asks every server to redact what they sent (MSC4293).
    ///
    /// # Errors
    /// No right, or the user is not there to be removed.
    pub async fn kick(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        target: &UserId,
        reason: Option<&str>,
        redact_events: bool,
    ) -> Result<(), RoomsError> {
        let inside = [Membership::Join, Membership::Invite, Membership::Knock];
        let mut content = CanonicalJsonObject::new();
        ask_to_redact(&mut content, redact_events);
        let refusal = "the user is not in the room";
        self.put_outside(room_id, sender, target, (content, reason), &inside, refusal).await
    }

    /// Keeps a user out. `redact_events` asks every server to redact what they sent (MSC4293).
    ///
    /// # Errors
    /// No right.
    pub async fn ban(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        target: &UserId,
        reason: Option<&str>,
        redact_events: bool,
    ) -> Result<(), RoomsError> {
        let room = self.room_of_actor(room_id).await?;
        let mut content = self.kept_profile(room, target).await?;
        ask_to_redact(&mut content, redact_events);
        self.set_membership(room, sender, target, Membership::Ban, content, reason).await.map(|_| ())
    }

    /// Lifts a ban; the user is then outside.
    ///
    /// # Errors
    /// No right, or the user is not banned.
    pub async fn unban(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        target: &UserId,
        reason: Option<&str>,
    ) -> Result<(), RoomsError> {
        let banned = [Membership::Ban];
        let content = CanonicalJsonObject::new();
        self.put_outside(room_id, sender, target, (content, reason), &banned, "the user is not banned").await
    }

    /// Lets somebody else's membership end, if it is one of these; refuses with `refusal` otherwise. The rules of the
    /// room would let anybody with enough power write a leave for somebody who never was there.
    async fn put_outside(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        target: &UserId,
        (content, reason): (CanonicalJsonObject, Option<&str>),
        from: &[Membership],
        refusal: &'static str,
    ) -> Result<(), RoomsError> {
        let room = self.room_of_actor(room_id).await?;
        let member = self.member(&self.parts.store, room, target).await?;
        if member.is_none_or(|member| !from.contains(&member.membership)) {
            return Err(RoomsError::forbidden(refusal));
        }
        self.set_membership(room, sender, target, Membership::Leave, content, reason).await.map(drop)
    }

    /// Rooms in which a user is joined.
    ///
    /// # Errors
    /// The store's own.
    pub async fn joined_rooms(&self, user: &UserId) -> Result<Vec<ruma::OwnedRoomId>, RoomsError> {
        let mut joined = Vec::new();
        for (room, member) in self.rooms_of_user(user).await?.iter() {
            if member.membership == Membership::Join {
                joined.push(self.room_id(&self.parts.store, *room).await?);
            }
        }
        Ok(joined)
    }

    /// Leaves, rejects and takes back everywhere; for an account that ends. Can be repeated.
    ///
    /// # Errors
    /// The store's own. A room whose rules refuse is logged and passed over.
    pub async fn leave_all(&self, user: &UserId, reason: Option<&str>) -> Result<(), RoomsError> {
        for (room, member) in self.rooms_of_user(user).await?.iter() {
            if !matches!(member.membership, Membership::Join | Membership::Invite | Membership::Knock) {
                continue;
            }
            let content = CanonicalJsonObject::new();
            match self.set_membership(*room, user, user, Membership::Leave, content, reason).await {
                Ok(_) => {}
                Err(refusal @ (RoomsError::Forbidden(_) | RoomsError::NotRecommended(_))) => {
                    tracing::warn!(%user, ?room, %refusal, "the room does not let the user go");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// A room named by somebody who wants to act in it: an unknown one looks like one without access.
    pub(crate) async fn room_of_actor(&self, room_id: &RoomId) -> Result<RoomNum, RoomsError> {
        let room = self.room_num(&self.parts.store, room_id).await?;
        room.ok_or_else(|| RoomsError::forbidden("you are not in this room"))
    }

    /// Refuses users who are not joined.
    pub(crate) async fn must_be_joined(&self, room: RoomNum, user: &UserId) -> Result<(), RoomsError> {
        if self.is_joined(&self.parts.store, room, user).await? {
            Ok(())
        } else {
            Err(RoomsError::forbidden("you are not in this room"))
        }
    }

    pub(crate) async fn set_membership(
        &self,
        room: RoomNum,
        sender: &UserId,
        target: &UserId,
        membership: Membership,
        mut content: CanonicalJsonObject,
        reason: Option<&str>,
    ) -> Result<Appended, RoomsError> {
        content.insert("membership".to_owned(), text(membership.as_str()));
        if let Some(reason) = reason {
            content.insert("reason".to_owned(), text(reason));
        }
        let sender: OwnedUserId = sender.to_owned();
        self.append(room, NewEvent::state(sender, "m.room.member", target.as_str(), content)).await
    }
}

fn ask_to_redact(content: &mut CanonicalJsonObject, redact_events: bool) {
    if redact_events {
        content.insert("org.matrix.msc4293.redact_events".to_owned(), CanonicalJsonValue::Bool(true));
    }
}

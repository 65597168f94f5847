//! Rooms that lost their administrators, and users who must be brought in.

use model::RoomNum;
use rules::power::Level;
use ruma::{CanonicalJsonObject, CanonicalJsonValue, Int, OwnedUserId, RoomId, UserId};

use crate::append::NewEvent;
use crate::json::canonical_object;
use crate::membership::Joining;
use crate::{Membership, Rooms, RoomsError};

const POWER_LEVELS: &str = "m.room.power_levels";
/// What a rank above every number is worth to somebody who cannot have it.
const ADMINISTRATOR_LEVEL: i64 = 100;

impl Rooms {
    /// Gives `target` the highest rank that a local member can give, and invites them if they are outside
    /// a room that is not public. Creators of rooms from version 12 on have more than that already.
    ///
    /// # Errors
    /// The room is unknown, or no local member may change power levels.
    pub async fn make_room_administrator(&self, room_id: &RoomId, target: &UserId) -> Result<(), RoomsError> {
        let store = &self.parts.store;
        let room = self.known_room(store, room_id).await?;
        let levels = self.power_levels(room).await?;
        let giver = self.strongest_local_member(room).await?;
        let (giver, level) = giver
            .ok_or_else(|| RoomsError::forbidden("no local member of the room may change its levels"))?;
        if levels.of(target) < level
            && !(levels.creators_are_infinite() && levels.creators().contains(target))
        {
            let number = match level {
                Level::Number(number) => number,
                Level::Infinite => ADMINISTRATOR_LEVEL.max(levels.needed_to_send(POWER_LEVELS, true)),
            };
            let content = self.levels_with(room, target, number).await?;
            self.append(room, NewEvent::state(giver.clone(), POWER_LEVELS, "", content)).await?;
        }
        let member = self.member(store, room, target).await?.map(|member| member.membership);
        let is_public = self.directory_entry(room).await?.join_rule == "public";
        match member {
            Some(Membership::Join | Membership::Invite) => Ok(()),
            _ if is_public => Ok(()),
            _ => self.invite(room_id, &giver, target, None).await.map(|_| ()),
        }
    }

    /// The other local members who may change the levels of a room as `leader` may; nothing where `leader` may not. Whether these
    /// are still able to act is a question to their accounts.
    ///
    /// # Errors
    /// The room is unknown.
    pub async fn co_leaders(
        &self,
        room_id: &RoomId,
        leader: &UserId,
    ) -> Result<Option<Vec<OwnedUserId>>, RoomsError> {
        let room = self.known_room(&self.parts.store, room_id).await?;
        let levels = self.power_levels(room).await?;
        let leads = |member: &UserId| levels.may_send(member, POWER_LEVELS, true);
        if !leads(leader) {
            return Ok(None);
        }
        let members = self.local_members(room).await?;
        let others = members.iter().filter(|member| **member != *leader && leads(member));
        Ok(Some(others.cloned().collect()))
    }

    /// Has somebody lead a room that nobody of ours leads any more: the first of `followers` who is there gets the highest rank
    /// that can be given. Whoever is not there learns nothing of the room. Whether somebody follows.
    ///
    /// # Errors
    /// The room is unknown, or refuses.
    pub async fn follow_leaders(
        &self,
        room_id: &RoomId,
        followers: &[OwnedUserId],
    ) -> Result<bool, RoomsError> {
        let room = self.known_room(&self.parts.store, room_id).await?;
        let members = self.local_members(room).await?;
        let is_there = |follower: &&OwnedUserId| members.iter().any(|member| *member == **follower);
        match followers.iter().find(is_there) {
            Some(follower) => self.make_room_administrator(room_id, follower).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// Brings a local user into a room: by its join rule, or by an invite of the local member who may
    /// give one.
    ///
    /// # Errors
    /// The room is unknown, the user is banned, or nobody here may invite.
    pub async fn bring_in(&self, room_id: &RoomId, user: &UserId) -> Result<(), RoomsError> {
        let joining = Joining::default();
        match self.join(room_id, user, &joining).await {
            Err(RoomsError::Forbidden(refusal)) => {
                let room = self.known_room(&self.parts.store, room_id).await?;
                let levels = self.power_levels(room).await?;
                let members = self.local_members(room).await?;
                let inviter = members.iter().find(|member| levels.may_invite(member)).cloned();
                let inviter = inviter.ok_or(RoomsError::Forbidden(refusal))?;
                self.invite(room_id, &inviter, user, None).await?;
                self.join(room_id, user, &joining).await.map(|_| ())
            }
            outcome => outcome.map(|_| ()),
        }
    }

    async fn strongest_local_member(
        &self,
        room: RoomNum,
    ) -> Result<Option<(OwnedUserId, Level)>, RoomsError> {
        let levels = self.power_levels(room).await?;
        let members = self.local_members(room).await?;
        let able = members.iter().filter(|member| levels.may_send(member, POWER_LEVELS, true));
        Ok(able.map(|member| (member.clone(), levels.of(member))).max_by(|a, b| a.1.cmp(&b.1)))
    }

    async fn levels_with(
        &self,
        room: RoomNum,
        target: &UserId,
        level: i64,
    ) -> Result<CanonicalJsonObject, RoomsError> {
        let current = self.current_state(&self.parts.store, room, POWER_LEVELS, "").await?;
        let mut content = match current {
            Some(pdu) => canonical_object(pdu.content_str())?,
            None => CanonicalJsonObject::new(),
        };
        let level = CanonicalJsonValue::Integer(Int::new_saturating(level));
        match content.get_mut("users") {
            Some(CanonicalJsonValue::Object(users)) => {
                users.insert(target.to_string(), level);
            }
            _ => {
                let users = CanonicalJsonObject::from([(target.to_string(), level)]);
                content.insert("users".to_owned(), CanonicalJsonValue::Object(users));
            }
        }
        Ok(content)
    }
}

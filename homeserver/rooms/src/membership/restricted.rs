//! Restricted rooms: who may come in because they are somewhere else
//! (<https://spec.matrix.org/v1.19/client-server-api/#restricted-rooms>).

use model::RoomNum;
use ruma::{OwnedRoomId, OwnedUserId, UserId};
use serde::Deserialize;
use serde_json::Value;

use crate::{Rooms, RoomsError};

/// How a user who is neither joined nor invited comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// The auth rules decide without help.
    ByTheRules,
    /// The user meets a condition, and this member of ours vouches for it.
    Through(OwnedUserId),
}

#[derive(Deserialize)]
struct JoinRules {
    join_rule: String,
    /// Kept loose: one bad entry must not spoil the others.
    #[serde(default)]
    allow: Value,
}

impl JoinRules {
    fn allowed_rooms(&self) -> impl Iterator<Item = OwnedRoomId> {
        self.allow.as_array().into_iter().flatten().filter_map(|entry| {
            if entry.get("type")?.as_str()? != "m.room_membership" {
                return None;
            }
            entry.get("room_id")?.as_str()?.try_into().ok()
        })
    }
}

impl Rooms {
    pub(super) async fn admission(&self, room: RoomNum, user: &UserId) -> Result<Admission, RoomsError> {
        let store = &self.parts.store;
        let event = self.current_state(store, room, "m.room.join_rules", "").await?;
        let Some(rules) = event.and_then(|pdu| pdu.content_as::<JoinRules>().ok()) else {
            return Ok(Admission::ByTheRules);
        };
        let authorization = self.room_version(store, room).await?.authorization();
        let is_restricted = (rules.join_rule == "restricted" && authorization.restricted_join_rule)
            || (rules.join_rule == "knock_restricted" && authorization.knock_restricted_join_rule);
        if !is_restricted {
            return Ok(Admission::ByTheRules);
        }
        if !self.meets_a_condition(&rules, user).await? {
            return Err(RoomsError::forbidden("you are in none of the rooms that let you in here"));
        }
        match self.somebody_who_may_invite(room).await? {
            Some(authoriser) => Ok(Admission::Through(authoriser)),
            None => Err(RoomsError::UnableToGrantJoin("nobody on this server may let you in".to_owned())),
        }
    }

    /// Whether a user who is outside would be let in by the conditions of a restricted room.
    ///
    /// # Errors
    /// The store's own.
    pub async fn may_join_restricted(&self, room: RoomNum, user: &UserId) -> Result<bool, RoomsError> {
        let event = self.current_state(&self.parts.store, room, "m.room.join_rules", "").await?;
        match event.and_then(|pdu| pdu.content_as::<JoinRules>().ok()) {
            Some(rules) => self.meets_a_condition(&rules, user).await,
            None => Ok(false),
        }
    }

    async fn meets_a_condition(&self, rules: &JoinRules, user: &UserId) -> Result<bool, RoomsError> {
        let store = &self.parts.store;
        for room_id in rules.allowed_rooms() {
            // What is remembered of a room that this server has left says nothing of who is in it now.
            if let Some(room) = self.room_num(store, &room_id).await?
                && self.is_resident(room).await?
                && self.is_joined(store, room, user).await?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A joined local member whose level is enough to invite. Creators and those whom the levels
    /// name are tried first, so a large room is not read to its end.
    async fn somebody_who_may_invite(&self, room: RoomNum) -> Result<Option<OwnedUserId>, RoomsError> {
        let store = &self.parts.store;
        let levels = self.power_levels(room).await?;
        for user in levels.creators().iter().chain(levels.users().keys()) {
            if self.is_local(user) && levels.may_invite(user) && self.is_joined(store, room, user).await? {
                return Ok(Some(user.clone()));
            }
        }
        let members = self.local_members(room).await?;
        Ok(members.iter().find(|user| levels.may_invite(user)).cloned())
    }
}

//! Entering and leaving rooms, whether this server has them or others do.
//!
//! `rooms` acts where this server holds the room, `federation` asks those who do. What is decided here is only which of
//! them it is.

use std::{collections::BTreeMap, time::Duration};

use federation::handshake::{HandshakeError, JoinFrom};
use model::RoomNum;
use rooms::{CreateRoom, Created, Inviting, Joining, Membership, RoomsError};
use ruma::{OwnedRoomId, OwnedServerName, RoomId, RoomOrAliasId, UserId};

use crate::{Flows, FlowsError};

/// How long to wait before a restricted room is tried again whose condition the user meets here and whose other servers
/// refused: they may not have heard of that yet, nor this server of who may vouch now.
const VOUCHING_PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(500)];

impl Flows {
    /// The room that an id or an alias names, and servers that may help to enter it: for an alias of another server
    /// those that it names.
    ///
    /// # Errors
    /// No such alias.
    pub async fn resolve_room(
        &self,
        room: &RoomOrAliasId,
        via: Vec<OwnedServerName>,
    ) -> Result<(OwnedRoomId, Vec<OwnedServerName>), FlowsError> {
        let alias = match <&RoomId>::try_from(room) {
            Ok(room_id) => return Ok((room_id.to_owned(), via)),
            Err(alias) => alias,
        };
        if alias.server_name() == self.0.rooms.server_name() {
            return Ok((self.0.rooms.room_of_alias(alias).await?, via));
        }
        let (room_id, mut servers) = self.0.federation.room_of_alias(alias).await?;
        servers.extend(via);
        Ok((room_id, servers))
    }

    /// Joins a room; settings of the room that it replaced come along.
    ///
    /// # Errors
    /// What the room refuses, or the servers that hold it.
    pub async fn join_room(
        &self,
        room_id: &RoomId,
        user: &UserId,
        via: &[OwnedServerName],
        joining: &Joining,
    ) -> Result<(), FlowsError> {
        if self.enter(room_id, user, via, joining).await? {
            self.settle_in(user, room_id).await?;
        }
        Ok(())
    }

    /// Whether the user was outside before.
    async fn enter(
        &self,
        room_id: &RoomId,
        user: &UserId,
        via: &[OwnedServerName],
        joining: &Joining,
    ) -> Result<bool, FlowsError> {
        let rooms = &self.0.rooms;
        let through_others = JoinFrom { room_id, user, via, joining };
        let Some(room) = self.held_here(room_id).await? else {
            self.0.federation.join(through_others).await?;
            return Ok(true);
        };
        if self.is_unknown(room, user).await? {
            // Whether the user is banned, say, is known elsewhere.
            self.0.federation.join(through_others).await?;
            return Ok(true);
        }
        let mut pauses = VOUCHING_PAUSES.into_iter();
        loop {
            let refusal = match rooms.join(room_id, user, joining).await {
                // Somebody on another server may be able to vouch.
                Err(refusal @ (RoomsError::UnableToGrantJoin(_) | RoomsError::UnableToAuthoriseJoin(_))) => {
                    refusal
                }
                outcome => return Ok(outcome?),
            };
            let meets_condition = matches!(refusal, RoomsError::UnableToGrantJoin(_));
            match self.0.federation.join(through_others).await {
                Ok(()) => return Ok(true),
                Err(HandshakeError::NobodyToAsk) => return Err(refusal.into()),
                Err(error @ HandshakeError::Refused { .. }) if meets_condition => match pauses.next() {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(error.into()),
                },
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether nothing is known here that decides about a user's coming into a partial room.
    async fn is_unknown(&self, room: RoomNum, user: &UserId) -> Result<bool, FlowsError> {
        let rooms = &self.0.rooms;
        if !rooms.is_partial(room) || self.is_missing(room, user).await? {
            return Ok(rooms.is_partial(room));
        }
        let member = rooms.member(rooms.store(), room, user).await?;
        Ok(member.is_none_or(|member| matches!(member.membership, Membership::Leave | Membership::Knock)))
    }

    /// Whether a partial room's state says nothing of a user. Their invite or knock may have come to this server before
    /// it was in the room.
    async fn is_missing(&self, room: RoomNum, user: &UserId) -> Result<bool, FlowsError> {
        let rooms = &self.0.rooms;
        if !rooms.is_partial(room) {
            return Ok(false);
        }
        let known = rooms.current_state_num(rooms.store(), room, "m.room.member", user.as_str()).await?;
        Ok(known.is_none())
    }

    /// Knocks on a room.
    ///
    /// # Errors
    /// What the room refuses, or the servers that hold it.
    pub async fn knock(
        &self,
        room_id: &RoomId,
        user: &UserId,
        via: &[OwnedServerName],
        reason: Option<&str>,
    ) -> Result<(), FlowsError> {
        if self.held_here(room_id).await?.is_some() {
            return Ok(self.0.rooms.knock(room_id, user, reason).await?);
        }
        Ok(self.0.federation.knock(room_id, user, via, reason).await?)
    }

    /// Invites a user of this server or of another.
    ///
    /// # Errors
    /// What the room refuses, or the server of the invited user.
    pub async fn invite(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        target: &UserId,
        reason: Option<&str>,
    ) -> Result<(), FlowsError> {
        if self.0.rooms.is_local(target) {
            self.0.rooms.invite(room_id, sender, target, reason).await?;
        } else {
            let inviting = Inviting { reason: reason.map(ToOwned::to_owned), ..Inviting::default() };
            self.0.federation.invite(room_id, sender, target, &inviting).await?;
        }
        Ok(())
    }

    /// Creates a room and invites into it. Who cannot be invited on another server can be later: the room is there.
    ///
    /// # Errors
    /// What makes the room impossible.
    pub async fn create_room(&self, request: &CreateRoom) -> Result<Created, FlowsError> {
        let created = self.0.rooms.create(request).await?;
        let inviting = Inviting {
            reason: request.invite_reason.clone(),
            is_direct: request.is_direct,
            third_party: None,
        };
        for user in request.invite.iter().filter(|user| !self.0.rooms.is_local(user)) {
            let invited = self.0.federation.invite(&created.room_id, &request.creator, user, &inviting).await;
            if let Err(error) = invited {
                tracing::info!(%user, room_id = %created.room_id, %error, "invite into a new room");
            }
        }
        Ok(created)
    }

    /// Ends what a user has in rooms of other servers from outside: invites and knocks.
    ///
    /// # Errors
    /// The store's own; who cannot be told is not.
    pub(crate) async fn decline_outside(
        &self,
        user: &UserId,
        reason: Option<&str>,
    ) -> Result<(), FlowsError> {
        let rooms = &self.0.rooms;
        let mut waiting = BTreeMap::new();
        for (room, member) in rooms.rooms_of_user(user).await?.iter() {
            if matches!(member.membership, Membership::Invite | Membership::Knock) {
                let room_id = rooms.room_id(rooms.store(), *room).await?;
                if self.held_here(&room_id).await?.is_none() {
                    waiting.insert(*room, room_id);
                }
            }
        }
        for room_id in waiting.into_values() {
            self.0.federation.leave(&room_id, user, reason).await?;
        }
        Ok(())
    }

    /// Leaves a room, rejects an invite or takes back a knock, wherever the room is.
    pub(crate) async fn leave_anywhere(
        &self,
        room_id: &RoomId,
        user: &UserId,
        reason: Option<&str>,
    ) -> Result<(), FlowsError> {
        let rooms = &self.0.rooms;
        let held = self.held_here(room_id).await?;
        if held.is_none()
            && let Some(room) = rooms.room_num(rooms.store(), room_id).await?
            && let Some(member) = rooms.member(rooms.store(), room, user).await?
            && matches!(member.membership, Membership::Invite | Membership::Knock)
        {
            return Ok(self.0.federation.leave(room_id, user, reason).await?);
        }
        if let Some(room) = held
            && self.is_missing(room, user).await?
        {
            rooms.until_complete(room).await?;
        }
        Ok(rooms.leave(room_id, user, reason).await?)
    }

    /// The room, when this server can act in it alone: somebody of ours is in, or nobody is any more and nobody else
    /// was ever.
    async fn held_here(&self, room_id: &RoomId) -> Result<Option<RoomNum>, FlowsError> {
        let rooms = &self.0.rooms;
        let Some(room) = rooms.room_num(rooms.store(), room_id).await? else { return Ok(None) };
        let is_held = rooms.is_resident(room).await?
            || (rooms.has_history(room).await? && rooms.servers_of_room(room).await?.is_empty());
        Ok(is_held.then_some(room))
    }
}

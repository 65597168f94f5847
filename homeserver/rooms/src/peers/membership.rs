//! Membership events that other servers' users signed after a template of ours.

use std::collections::BTreeSet;

use model::{EventNum, Pdu, RoomNum, StateNum};
use rules::foreign::{self, ForeignError, Received};
use ruma::{CanonicalJsonValue, OwnedServerName, RoomId, ServerName, UserId};

use crate::append::{ForeignEvent, Verdict};
use crate::member::Membership;
use crate::summary::HEROES_MAX;
use crate::{Rooms, RoomsError};

/// The key that names in a join who vouches for it.
const AUTHORISER: &str = "join_authorised_via_users_server";

/// A peer's membership event that is now in the room.
#[derive(Clone, Debug)]
pub struct PeerMembership {
    /// The room.
    pub room: RoomNum,
    /// The number of the event.
    pub event: EventNum,
    /// The event as it is stored, with our signature where we vouch.
    pub pdu: Pdu,
    /// The state before it.
    pub state_before: StateNum,
}

/// The room as somebody who joined is told.
#[derive(Clone, Debug)]
pub struct ToldRoom {
    /// The state before the join.
    pub state: Vec<Pdu>,
    /// What stands behind it, without what is in the state.
    pub auth_chain: Vec<Pdu>,
    /// Servers in the room, ours too.
    pub servers: Vec<OwnedServerName>,
}

impl Rooms {
    /// Adds our signature to a join that names a local user as the one who vouches, if that is right; other events
    /// come back as they are. Ask before signatures are checked, because ours has to be among them.
    ///
    /// # Errors
    /// The joining user meets no condition of the room now, or the named user cannot vouch.
    pub async fn vouch(&self, room_id: &RoomId, received: Received) -> Result<Received, RoomsError> {
        let room = self.resident_room(room_id).await?;
        let version = self.room_version(&self.parts.store, room).await?;
        if !version.authorization().restricted_join_rule {
            return Ok(received);
        }
        let text =
            |value: Option<&CanonicalJsonValue>| value.and_then(|value| value.as_str()).map(str::to_owned);
        let object = received.object();
        let content = object.get("content").and_then(|content| content.as_object());
        let authoriser = content.and_then(|content| text(content.get(AUTHORISER)));
        let Some(authoriser) = authoriser.and_then(|user| UserId::parse(user).ok()) else {
            return Ok(received);
        };
        if !self.is_local(&authoriser) {
            return Ok(received);
        }
        let joining = text(object.get("state_key")).and_then(|user| UserId::parse(user).ok());
        let joining =
            joining.ok_or_else(|| RoomsError::BadJson("the state key is not a user id".to_owned()))?;
        let is_joined = self.is_joined(&self.parts.store, room, &authoriser).await?;
        if !is_joined || !self.power_levels(room).await?.may_invite(&authoriser) {
            return Err(RoomsError::forbidden("the user that is named cannot let you in"));
        }
        let member = self.member(&self.parts.store, room, &joining).await?.map(|member| member.membership);
        let is_in = matches!(member, Some(Membership::Join | Membership::Invite));
        if !is_in && !self.may_join_restricted(room, &joining).await? {
            return Err(RoomsError::forbidden("you are in none of the rooms that let you in here"));
        }
        foreign::co_sign_received(received, version, &*self.parts.signing_key, &self.parts.server_name)
            .map_err(|error: ForeignError| RoomsError::BadJson(error.to_string()))
    }

    /// Takes in a membership event of a user of `origin`, whose signatures were checked. Repeating it is no error.
    ///
    /// # Errors
    /// The event is not what was asked for, its parents are not known here, or the room's rules refuse it.
    pub async fn append_peer_membership(
        &self,
        room_id: &RoomId,
        origin: &ServerName,
        membership: Membership,
        pdu: Pdu,
    ) -> Result<PeerMembership, RoomsError> {
        let wrong = |what: &str| Err(RoomsError::InvalidParam(what.to_owned()));
        if pdu.kind() != "m.room.member" || pdu.state_key() != Some(pdu.sender().as_str()) {
            return wrong("the event is not a membership event of its sender");
        }
        if pdu.sender().server_name() != origin {
            return Err(RoomsError::forbidden("the sender lives on another server"));
        }
        if crate::visibility::membership_of(&pdu) != membership {
            return wrong("the event has another membership than the endpoint");
        }
        if pdu.room_id() != room_id {
            return wrong("the event belongs to another room");
        }
        let room = self.resident_room(room_id).await?;
        match self.append_pdu_while_resident(room, ForeignEvent::new(pdu.clone())).await? {
            Verdict::Accepted { .. } | Verdict::Known | Verdict::Kept => {}
            Verdict::SoftFailed => {
                return Err(RoomsError::forbidden("the room does not allow this event now"));
            }
            Verdict::Rejected(refusal) => return Err(RoomsError::Forbidden(refusal)),
        }
        let store = &self.parts.store;
        let event = self.event_num(store, pdu.event_id()).await?.ok_or(RoomsError::EventNotFound)?;
        let meta = self.meta(store, event).await?;
        if meta.rejected || meta.soft_failed {
            return Err(RoomsError::forbidden("the room does not allow this event"));
        }
        Ok(PeerMembership {
            room,
            event,
            pdu: self.pdu(store, event).await?,
            state_before: meta.state_before,
        })
    }

    /// The room as the server of a user who joined is told. With `omit_members` the state lacks the memberships that
    /// nothing in the answer needs (MSC3706).
    ///
    /// # Errors
    /// The store's own.
    pub async fn told_room(
        &self,
        joined: &PeerMembership,
        omit_members: bool,
    ) -> Result<ToldRoom, RoomsError> {
        let store = &self.parts.store;
        let mut entries = self.state_at(store, joined.state_before).await?.to_vec();
        if omit_members {
            // The others are not even looked at: they may be tens of thousands.
            let mut needed = self.heroes_of(joined.room, joined.state_before).await?;
            needed.insert(joined.pdu.sender().to_string());
            let keys: Vec<_> = entries.iter().map(|(key, _)| *key).collect();
            let keys = self.state_keys(store, &keys).await?;
            let mut keys = keys.iter().map(|key| key.0 != "m.room.member" || needed.contains(&key.1));
            entries.retain(|_| keys.next().unwrap_or(false));
        }
        let state: Vec<EventNum> = entries.iter().map(|(_, event)| *event).collect();
        // What the join itself stands on may be a membership that is left out.
        let asked: Vec<EventNum> = state.iter().copied().chain([joined.event]).collect();
        let auth_chain = self.auth_chain(&asked).await?;
        // Those that were in the room before: one that came with this join has one member here.
        let joining = joined.pdu.sender().server_name();
        let others = self.joined_servers(store, joined.room).await?.into_iter();
        let others = others.filter(|(server, members)| server != joining || *members > 1);
        let servers = others.map(|(server, _)| server).chain([self.parts.server_name.clone()]).collect();
        Ok(ToldRoom {
            state: self.pdus(store, &state).await?,
            auth_chain: self.pdus(store, &auth_chain).await?,
            servers,
        })
    }

    /// Members by whom a room without a name is called (MSC3943).
    async fn heroes_of(&self, room: RoomNum, state: StateNum) -> Result<BTreeSet<String>, RoomsError> {
        let store = &self.parts.store;
        for kind in ["m.room.name", "m.room.canonical_alias"] {
            if self.state_num_at(store, state, kind, "").await?.is_some() {
                return Ok(BTreeSet::new());
            }
        }
        let members = self.members_with(store, room, Membership::Join, HEROES_MAX).await?;
        Ok(members.into_iter().map(|user| user.to_string()).collect())
    }
}

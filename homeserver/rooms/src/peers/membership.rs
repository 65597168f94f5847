//! Membership events that other servers' users signed after a template of ours.

use std::collections::BTreeSet;

use model::{EventNum, Pdu, RoomNum, StateNum};
use rules::foreign::{self, ForeignError, Received};
use ruma::{CanonicalJsonValue, OwnedServerName, RoomId, ServerName, UserId};

use crate::append::{ForeignEvent, Verdict};
use crate::member::Membership;
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
        let (mut state, mut auth_chain) = self.state_with_auth_chain(joined.state_before).await?;
        if omit_members {
            let heroes = self.heroes_of(joined.room).await?;
            let needed = |pdu: &Pdu| {
                pdu.kind() != "m.room.member"
                    || pdu
                        .state_key()
                        .is_some_and(|user| user == joined.pdu.sender() || heroes.contains(user))
            };
            state.retain(needed);
            let told: Vec<EventNum> = self
                .event_nums(
                    &self.parts.store,
                    &state.iter().map(|pdu| pdu.event_id().to_owned()).collect::<Vec<_>>(),
                )
                .await?
                .into_iter()
                .flatten()
                .collect();
            auth_chain = self.pdus(&self.parts.store, &self.auth_chain(&told).await?).await?;
        }
        let told: BTreeSet<_> = state.iter().map(|pdu| pdu.event_id().to_owned()).collect();
        auth_chain.retain(|pdu| !told.contains(pdu.event_id()));
        let mut servers = self.servers_of_room(joined.room).await?;
        servers.push(self.parts.server_name.clone());
        Ok(ToldRoom { state, auth_chain, servers })
    }

    /// Members by whom a room without a name is called.
    async fn heroes_of(&self, room: RoomNum) -> Result<BTreeSet<String>, RoomsError> {
        let members = self.members_with(&self.parts.store, room, Membership::Join, 5).await?;
        Ok(members.into_iter().map(|user| user.to_string()).collect())
    }
}

//! Joining a room of other servers.
//! <https://spec.matrix.org/v1.19/server-server-api/#joining-rooms>

use model::{Pdu, RoomVersion};
use rooms::{
    ForeignEvent, Joining, Membership, OwnMembership, PartialState, RoomImport, RoomsError, Verdict,
};
use ruma::api::federation::membership::{create_join_event, prepare_join_event};
use ruma::{CanonicalJsonObject, CanonicalJsonValue, OwnedServerName, RoomId, ServerName, UserId};

use super::limits::{MEMBERSHIP_TIME_MAX, ROOM_BYTES_MAX, TEMPLATE_BYTES_MAX, TEMPLATE_TIME_MAX};
use super::{HandshakeError, signatures, template};
use crate::Federation;
use crate::client::Limits;
use crate::ring::KeyBudget;

/// Who wants to join what, and who may help.
#[derive(Clone, Copy, Debug)]
pub struct JoinFrom<'a> {
    /// The room.
    pub room_id: &'a RoomId,
    /// A local user.
    pub user: &'a UserId,
    /// Servers that were named for it.
    pub via: &'a [OwnedServerName],
    /// What the user says.
    pub joining: &'a Joining,
}

/// A join that a server has agreed to.
struct Agreed {
    version: &'static RoomVersion,
    pdu: Pdu,
    room: create_join_event::v2::RoomState,
}

impl Federation {
    /// Joins a room through servers that are in it. The room is there, durably, when this returns.
    ///
    /// # Errors
    /// The most telling answer of the servers that were asked; see [`HandshakeError`].
    pub async fn join(&self, join: JoinFrom<'_>) -> Result<(), HandshakeError> {
        let _turn = self.joins().lock(join.room_id).await;
        let rooms = &self.parts().rooms;
        if let Some(room) = rooms.room_num(rooms.store(), join.room_id).await? {
            let member = rooms.member(rooms.store(), room, join.user).await?.map(|member| member.membership);
            // Somebody else of this server came in while this one waited.
            if member == Some(Membership::Join) {
                return Ok(());
            }
            // What is known of a room that is followed is of now, of any other it may be old.
            if member == Some(Membership::Ban) && rooms.is_partial(room) {
                return Err(RoomsError::forbidden("you are banned from the room").into());
            }
        }
        let servers = self.candidates(join.room_id, join.user, join.via).await?;
        if !servers.is_empty() {
            rooms.refuse_blocked(join.room_id).await?;
        }
        let content = rooms.own_join_content(join.user, join.joining).await?;
        let content = &content;
        self.ask_around(&servers, |server| async move { self.join_through(&server, join, content).await })
            .await
    }

    async fn join_through(
        &self,
        server: &ServerName,
        join: JoinFrom<'_>,
        content: &CanonicalJsonObject,
    ) -> Result<(), HandshakeError> {
        let agreed = self.agree(server, join, content).await?;
        let event_id = agreed.pdu.event_id().to_owned();
        // The helper tells the others; saying it before the event is there survives a crash between the two.
        self.sender().will_be_sent_by_another(&event_id).await?;
        self.meet_all(server, &agreed.room).await?;
        let outcome = self.enter(server, join.room_id, agreed).await;
        if outcome.is_err() {
            self.sender().forget_handshake(&event_id);
        }
        outcome
    }

    /// Template, our event, and the server's word that it is in.
    async fn agree(
        &self,
        server: &ServerName,
        join: JoinFrom<'_>,
        content: &CanonicalJsonObject,
    ) -> Result<Agreed, HandshakeError> {
        let JoinFrom { room_id, user, .. } = join;
        let mut request = prepare_join_event::v1::Request::new(room_id.to_owned(), user.to_owned());
        request.ver = model::ROOM_VERSIONS.iter().map(|version| version.id().clone()).collect();
        let limits = Limits::default().within(TEMPLATE_TIME_MAX).up_to(TEMPLATE_BYTES_MAX).insisting();
        let response = self.client().send(server, request, limits).await?;
        let version = template::version(response.room_version)?;
        let place = template::read(response.event.get(), room_id, user, Membership::Join)?;
        let mut content = content.clone();
        let authoriser = place.authoriser.filter(|_| version.authorization().restricted_join_rule);
        if let Some(authoriser) = &authoriser {
            let named = CanonicalJsonValue::String(authoriser.to_string());
            content.insert("join_authorised_via_users_server".to_owned(), named);
        }
        let own = OwnMembership {
            room_id,
            version,
            user,
            content,
            prev_events: place.prev_events,
            auth_events: place.auth_events,
            depth: place.depth,
        };
        let pdu = self.parts().rooms.sign_membership(own)?;
        // From the moment in which the join is known there, events may come: the room is known by its number, and they
        // wait for the end of this join.
        self.parts().rooms.room_from_outside(room_id, version).await?;
        let mut request = create_join_event::v2::Request::new(
            room_id.to_owned(),
            pdu.event_id().to_owned(),
            super::serve::raw(&pdu)?,
        );
        // Members come later (MSC3902), unless this server knows them all and would have to forget them.
        request.omit_members = !self.is_in_whole_room(room_id).await?;
        let may_omit = request.omit_members;
        let limits = Limits::default().within(MEMBERSHIP_TIME_MAX).up_to(ROOM_BYTES_MAX).insisting();
        let room = self.client().send(server, request, limits).await?.room_state;
        if room.members_omitted && !may_omit {
            return Err(HandshakeError::Failed(
                "the server leaves out members that were asked for".to_owned(),
            ));
        }
        let pdu = match authoriser {
            Some(authoriser) if authoriser.server_name() != self.server_name() => {
                // Without the signature of who vouches nobody would let us in.
                let returned = room.event.as_ref().map_or("{}", |event| event.get());
                let received =
                    signatures::with_signatures_of(&pdu, returned, authoriser.server_name(), version)?;
                self.verified(received, version)
                    .await
                    .map_err(|error| HandshakeError::Failed(error.to_string()))?
            }
            Some(_) | None => pdu,
        };
        Ok(Agreed { version, pdu, room })
    }

    /// Makes the room, or the membership in a room that this server is in already.
    async fn enter(
        &self,
        server: &ServerName,
        room_id: &RoomId,
        agreed: Agreed,
    ) -> Result<(), HandshakeError> {
        let rooms = &self.parts().rooms;
        let Agreed { version, pdu, room: told } = agreed;
        if let Some(room) = rooms.room_num(rooms.store(), room_id).await?
            && (rooms.is_resident(room).await? || rooms.is_partial(room))
        {
            if rooms.is_partial(room) {
                // Little is told again; an invite that the join stands on may be known from outside only.
                let behind: Vec<_> = told.auth_chain.iter().chain(&told.state).cloned().collect();
                rooms.keep_judged(room, self.verified_ones(&behind, version).await.pdus).await?;
            }
            match rooms.append_pdu(room, ForeignEvent::new(pdu.clone())).await {
                Ok(Verdict::Accepted { .. } | Verdict::Known | Verdict::Kept) => {
                    return if rooms.is_joined(rooms.store(), room, pdu.sender()).await? {
                        Ok(())
                    } else {
                        Err(HandshakeError::Failed("the room does not allow the join now".to_owned()))
                    };
                }
                Ok(Verdict::SoftFailed) => {
                    return Err(HandshakeError::Failed("the room does not allow the join now".to_owned()));
                }
                Ok(Verdict::Rejected(reason)) => return Err(HandshakeError::Failed(reason)),
                // The helper is ahead of us: what it told of the room fills the gap.
                Err(RoomsError::EventNotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut budget = KeyBudget::default();
        let state = self.verified_within(&told.state, version, &mut budget).await;
        let auth_chain = self.verified_within(&told.auth_chain, version, &mut budget).await;
        // What cannot be proved now would be missing here for good, and here alone. It is a part that comes later.
        let is_partial = told.members_omitted || state.lacks_keys || auth_chain.lacks_keys;
        let import = RoomImport {
            room_id: room_id.to_owned(),
            version,
            state: state.pdus,
            auth_chain: auth_chain.pdus,
            join: pdu,
            partial: is_partial.then(|| PartialState {
                helper: server.to_owned(),
                servers: named_servers(&told).collect(),
                is_all_told: !told.members_omitted,
            }),
        };
        rooms.import_room(import).await?;
        Ok(())
    }

    /// From now on these servers hear of what happens here.
    async fn meet_all(
        &self,
        server: &ServerName,
        room: &create_join_event::v2::RoomState,
    ) -> Result<(), HandshakeError> {
        self.sender().meet(server).await?;
        for named in named_servers(room).take(super::limits::SERVERS_TRIED_MAX) {
            self.sender().meet(&named).await?;
        }
        Ok(())
    }

    /// Whether a local user is in the room and all its members are known.
    async fn is_in_whole_room(&self, room_id: &RoomId) -> Result<bool, HandshakeError> {
        let rooms = &self.parts().rooms;
        let Some(room) = rooms.room_num(rooms.store(), room_id).await? else { return Ok(false) };
        Ok(rooms.is_resident(room).await? && !rooms.is_partial(room))
    }
}

/// Servers that are in the room, as the one says that helped.
fn named_servers(room: &create_join_event::v2::RoomState) -> impl Iterator<Item = OwnedServerName> {
    let named = room.servers_in_room.iter().flatten();
    named.filter_map(|named| OwnedServerName::try_from(named.as_str()).ok())
}

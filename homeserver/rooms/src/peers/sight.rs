//! What another server may see of a room: it must be in the room and not be shut out by its access list, and of each
//! event it sees as much as its users may. An event of another room answers exactly like an unknown one.

use std::collections::HashMap;

use model::{EventNum, Pdu, RoomNum, RoomVersion, StateNum};
use ruma::events::room::history_visibility::HistoryVisibility;
use ruma::{EventId, OwnedRoomId, OwnedServerName, RoomId, ServerName, UserId};

use crate::member::Membership;
use crate::visibility::membership_of;
use crate::{EventMeta, Rooms, RoomsError};

/// Proof that a server may ask about a room.
#[derive(Clone, Debug)]
pub struct PeerRoom {
    room: RoomNum,
    room_id: OwnedRoomId,
    version: &'static RoomVersion,
    server: OwnedServerName,
}

impl PeerRoom {
    /// The room.
    #[must_use]
    pub fn room(&self) -> RoomNum {
        self.room
    }

    /// The id of the room.
    #[must_use]
    pub fn room_id(&self) -> &RoomId {
        &self.room_id
    }

    /// The rules of the room.
    #[must_use]
    pub fn version(&self) -> &'static RoomVersion {
        self.version
    }

    /// The server that asks.
    #[must_use]
    pub fn server(&self) -> &ServerName {
        &self.server
    }
}

/// Judges events of one room for one server, remembering what it read.
pub(super) struct PeerJudge<'a> {
    rooms: &'a Rooms,
    room: &'a PeerRoom,
    seen: HashMap<StateNum, bool>,
}

impl<'a> PeerJudge<'a> {
    pub fn new(rooms: &'a Rooms, room: &'a PeerRoom) -> Self {
        Self { rooms, room, seen: HashMap::new() }
    }

    /// The event as the server may have it: whole, or what a redaction would leave of it.
    pub async fn show(&mut self, event: EventNum) -> Result<Pdu, RoomsError> {
        let store = &self.rooms.parts.store;
        let pdu = self.rooms.pdu(store, event).await?;
        let meta = self.rooms.meta(store, event).await?;
        let sees = pdu.sender().server_name() == self.room.server
            || self.sees(meta.state_before).await?
            || (meta.state_after != meta.state_before && self.sees(meta.state_after).await?);
        if sees {
            return Ok(pdu);
        }
        rules::redaction::redact(&pdu, self.room.version)
            .map_err(|error| RoomsError::Corrupt(format!("an event to redact: {error}")))
    }

    async fn sees(&mut self, state: StateNum) -> Result<bool, RoomsError> {
        if let Some(sees) = self.seen.get(&state) {
            return Ok(*sees);
        }
        let store = &self.rooms.parts.store;
        let visibility = self.rooms.state_event_at(store, state, "m.room.history_visibility", "").await?;
        let visibility = visibility.map(|pdu| rules::visibility::history_visibility(pdu.content_str()));
        let sees = match visibility {
            Some(HistoryVisibility::Joined) => self.has_member(state, &[Membership::Join]).await?,
            Some(HistoryVisibility::Invited) => {
                self.has_member(state, &[Membership::Join, Membership::Invite]).await?
            }
            // The server is in the room now, which is what `shared` asks for.
            _ => true,
        };
        self.seen.insert(state, sees);
        Ok(sees)
    }

    /// Whether a user of the server has one of these memberships in a state.
    async fn has_member(&self, state: StateNum, memberships: &[Membership]) -> Result<bool, RoomsError> {
        let store = &self.rooms.parts.store;
        let entries = self.rooms.state_at(store, state).await?;
        let keys: Vec<_> = entries.iter().map(|(key, _)| *key).collect();
        for (key, (_, event)) in self.rooms.state_keys(store, &keys).await?.iter().zip(entries.iter()) {
            let is_theirs = key.0 == "m.room.member"
                && UserId::parse(key.1.as_str()).is_ok_and(|user| user.server_name() == self.room.server);
            if is_theirs && memberships.contains(&membership_of(&self.rooms.pdu(store, *event).await?)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Rooms {
    /// The room, if the server may ask about it.
    ///
    /// # Errors
    /// [`RoomsError::RoomNotFound`] when no local user is in it; `Forbidden` when no user of the server is, or its
    /// access list shuts the server out.
    pub async fn peer_room(&self, room_id: &RoomId, server: &ServerName) -> Result<PeerRoom, RoomsError> {
        let room = self.resident_room(room_id).await?;
        if !self.acl_allows(room, server).await? {
            return Err(RoomsError::forbidden("the room's access list keeps your server out"));
        }
        if !self.server_is_in_room(room, server).await? {
            return Err(RoomsError::forbidden("your server is not in the room"));
        }
        let version = self.room_version(&self.parts.store, room).await?;
        Ok(PeerRoom { room, room_id: room_id.to_owned(), version, server: server.to_owned() })
    }

    /// An event of the room that has a state around it.
    pub(super) async fn event_of_peer_room(
        &self,
        room: &PeerRoom,
        event_id: &EventId,
    ) -> Result<(EventNum, std::sync::Arc<EventMeta>), RoomsError> {
        let store = &self.parts.store;
        let event = self.event_num(store, event_id).await?.ok_or(RoomsError::EventNotFound)?;
        let meta = self.meta(store, event).await?;
        if meta.room != room.room || meta.outlier || meta.rejected {
            return Err(RoomsError::EventNotFound);
        }
        Ok((event, meta))
    }
}

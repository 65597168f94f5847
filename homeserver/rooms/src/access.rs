//! Who may see what. One condition a line, and the answer is a proof.
//!
//! [`JoinedRoom`], [`ReadableRoom`] and [`VisibleEvent`] can only be made here; functions that show
//! or change something take them instead of bare ids. Which single events of a readable room are
//! shown is decided by [`crate::visibility`].

use model::{EventNum, RoomNum, StreamPos, TimelinePos};
use ruma::{
    DeviceId, EventId, OwnedRoomId, OwnedUserId, RoomId, UserId,
    events::room::history_visibility::{HistoryVisibility, RoomHistoryVisibilityEventContent},
};
use store::Reader;

use crate::{Member, Membership, Rooms, RoomsError, visibility::Shown};

/// Who is looking.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    /// The user.
    pub user: &'a UserId,
    /// Their device, which alone is shown its own transaction ids.
    pub device: Option<&'a DeviceId>,
}

/// Proof that a user is joined to a room.
#[derive(Clone, Debug)]
pub struct JoinedRoom {
    room: RoomNum,
    room_id: OwnedRoomId,
    user: OwnedUserId,
}

impl JoinedRoom {
    /// The room.
    pub fn room(&self) -> RoomNum {
        self.room
    }

    /// The id of the room.
    pub fn room_id(&self) -> &RoomId {
        &self.room_id
    }

    /// The member.
    pub fn user(&self) -> &UserId {
        &self.user
    }
}

/// How far a user's sight of a room goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Up to now: a member, or anybody in a room that the world may read.
    Now,
    /// Up to the event that ended the user's last stay.
    Until {
        /// Place of that event.
        position: TimelinePos,
        /// That event; the state after it is the last that the user may see.
        event: EventNum,
    },
}

/// Proof that a user may read a room, at least in part.
#[derive(Clone, Debug)]
pub struct ReadableRoom {
    room: RoomNum,
    room_id: OwnedRoomId,
    user: OwnedUserId,
    reach: Reach,
    member: Option<Member>,
}

impl ReadableRoom {
    /// The room.
    pub fn room(&self) -> RoomNum {
        self.room
    }

    /// The id of the room.
    pub fn room_id(&self) -> &RoomId {
        &self.room_id
    }

    /// The reader.
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// How far the reader sees.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// The newest place that the reader may see.
    pub fn newest(&self) -> TimelinePos {
        match self.reach {
            Reach::Now => TimelinePos::MAX,
            Reach::Until { position, .. } => position,
        }
    }

    /// The reader's own membership, if any.
    pub fn member(&self) -> Option<&Member> {
        self.member.as_ref()
    }
}

/// Proof that a user may see an event.
#[derive(Clone, Debug)]
pub struct VisibleEvent {
    room: ReadableRoom,
    shown: Shown,
}

impl VisibleEvent {
    /// The room, as far as the user may read it.
    pub fn room(&self) -> &ReadableRoom {
        &self.room
    }

    /// The event.
    pub fn shown(&self) -> &Shown {
        &self.shown
    }
}

impl Rooms {
    /// The room, if the user is joined to it.
    ///
    /// # Errors
    /// `Forbidden` for a room that is unknown just as for one that the user is not in.
    pub async fn joined_room(
        &self,
        reader: &Reader,
        user: &UserId,
        room_id: &RoomId,
    ) -> Result<JoinedRoom, RoomsError> {
        let room = self.room_num(reader, room_id).await?.ok_or_else(not_in_room)?;
        if !self.is_joined(reader, room, user).await? {
            return Err(not_in_room());
        }
        Ok(JoinedRoom { room, room_id: room_id.to_owned(), user: user.to_owned() })
    }

    /// The room, if a user of another server is joined to it, or may be because not all of its members are known and
    /// the user's server is in it.
    ///
    /// # Errors
    /// The store's own.
    pub async fn room_of_visitor(
        &self,
        reader: &Reader,
        user: &UserId,
        room_id: &RoomId,
    ) -> Result<Option<JoinedRoom>, RoomsError> {
        let Some(room) = self.room_num(reader, room_id).await? else { return Ok(None) };
        let is_in = match self.member(reader, room, user).await? {
            Some(member) => member.membership == Membership::Join,
            None => self.is_partial(room) && self.server_is_in_room(room, user.server_name()).await?,
        };
        Ok(is_in.then(|| JoinedRoom { room, room_id: room_id.to_owned(), user: user.to_owned() }))
    }

    /// The room, if the user may read any of it: a member, a former member, or anybody when the
    /// world may read it.
    ///
    /// # Errors
    /// `Forbidden` for a room that is unknown just as for one that the user may not read.
    pub async fn readable_room(
        &self,
        reader: &Reader,
        user: &UserId,
        room_id: &RoomId,
    ) -> Result<ReadableRoom, RoomsError> {
        let room = self.room_num(reader, room_id).await?.ok_or_else(not_in_room)?;
        let member = self.member(reader, room, user).await?;
        let reach = self.reach(reader, room, user, member.as_ref()).await?.ok_or_else(not_in_room)?;
        Ok(ReadableRoom { room, room_id: room_id.to_owned(), user: user.to_owned(), reach, member })
    }

    /// One event of a room, if the user may see it.
    ///
    /// # Errors
    /// `EventNotFound` whatever the cause, so that nobody learns which events exist.
    pub async fn visible_event(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        room_id: &RoomId,
        event_id: &EventId,
    ) -> Result<VisibleEvent, RoomsError> {
        let room = match self.readable_room(reader, viewer.user, room_id).await {
            Ok(room) => room,
            Err(RoomsError::Forbidden(_)) => return Err(RoomsError::EventNotFound),
            Err(other) => return Err(other),
        };
        let event = self.event_num(reader, event_id).await?.ok_or(RoomsError::EventNotFound)?;
        let meta = self.meta(reader, event).await?;
        if meta.room != room.room {
            return Err(RoomsError::EventNotFound);
        }
        if meta.position.is_none_or(|position| position > room.newest()) {
            return Err(RoomsError::EventNotFound);
        }
        let mut shown = self.shown(reader, viewer, room.room, &[event]).await?;
        let shown = shown.pop().ok_or(RoomsError::EventNotFound)?;
        Ok(VisibleEvent { room, shown })
    }

    async fn reach(
        &self,
        reader: &Reader,
        room: RoomNum,
        user: &UserId,
        member: Option<&Member>,
    ) -> Result<Option<Reach>, RoomsError> {
        if member.is_some_and(|member| member.membership == Membership::Join) {
            return Ok(Some(Reach::Now));
        }
        if self.history_visibility(reader, room).await? == HistoryVisibility::WorldReadable {
            return Ok(Some(Reach::Now));
        }
        match member {
            Some(member) if !member.forgotten => self.end_of_stay(reader, room, user, member).await,
            Some(_) | None => Ok(None),
        }
    }

    /// Where the user's last stay in a room ended; none if there never was one.
    async fn end_of_stay(
        &self,
        reader: &Reader,
        room: RoomNum,
        user: &UserId,
        member: &Member,
    ) -> Result<Option<Reach>, RoomsError> {
        if member.previous == Some(Membership::Join) {
            let position = TimelinePos::from(member.position);
            return Ok(Some(Reach::Until { position, event: member.event }));
        }
        // Rejected invites and bans after a leave are rare enough to read the user's whole story.
        let changes = self.membership_changes(reader, user, StreamPos::new(0), StreamPos::MAX).await?;
        let end = changes.iter().rev().find(|change| {
            change.room == room
                && change.previous == Some(Membership::Join)
                && change.membership != Membership::Join
        });
        Ok(end
            .map(|change| Reach::Until { position: TimelinePos::from(change.position), event: change.event }))
    }

    /// The history visibility in force now; `shared` when the room does not say.
    pub async fn history_visibility(
        &self,
        reader: &Reader,
        room: RoomNum,
    ) -> Result<HistoryVisibility, RoomsError> {
        let event = self.current_state(reader, room, "m.room.history_visibility", "").await?;
        let content = event.and_then(|pdu| pdu.content_as::<RoomHistoryVisibilityEventContent>().ok());
        Ok(content.map_or(HistoryVisibility::Shared, |content| content.history_visibility))
    }
}

fn not_in_room() -> RoomsError {
    RoomsError::forbidden("You are not in this room and it is not open to the world")
}

//! The state and the members of a room, as far as a user may read them: now, as of their leaving,
//! or at a place in the timeline.

use std::{collections::BTreeMap, ops::Bound};

use bytes::Bytes;
use model::{EventForm, EventNum, Pdu, StateNum, TimelinePos};
use ruma::{OwnedUserId, api::Direction};
use serde::Deserialize;
use store::Reader;

use crate::{
    Membership, Rooms, RoomsError, TimelineRange,
    access::{JoinedRoom, Reach, ReadableRoom, Viewer},
    visibility::membership_of,
};

/// Events at the begin of a room among which the creator's membership is looked for.
const BEGINNING_EVENTS: usize = 10;

/// Name and picture of a joined member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct MemberProfile {
    /// Display name in the room.
    #[serde(default)]
    pub displayname: Option<String>,
    /// Picture in the room.
    #[serde(default)]
    pub avatar_url: Option<String>,
}

/// Which members to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct MembersQuery {
    /// At this place in the timeline instead of now.
    pub at: Option<TimelinePos>,
    /// Only this membership.
    pub membership: Option<Membership>,
    /// Every membership but this one.
    pub not_membership: Option<Membership>,
}

impl MembersQuery {
    fn wants(&self, pdu: &Pdu) -> bool {
        let membership = membership_of(pdu);
        self.membership.is_none_or(|wanted| wanted == membership) && self.not_membership != Some(membership)
    }
}

impl Rooms {
    /// The whole state that the reader may see, as client JSON.
    pub async fn readable_state(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        room: &ReadableRoom,
    ) -> Result<Vec<Bytes>, RoomsError> {
        let events = self.readable_state_nums(reader, room).await?;
        self.state_events(reader, viewer, &events, EventForm::Full).await
    }

    async fn readable_state_nums(
        &self,
        reader: &Reader,
        room: &ReadableRoom,
    ) -> Result<Vec<EventNum>, RoomsError> {
        match room.reach() {
            Reach::Now => {
                let state = self.current_state_all(reader, room.room()).await?;
                Ok(state.into_iter().map(|(_, event)| event).collect())
            }
            Reach::Until { event, .. } => {
                let state = self.state_after_event(reader, event).await?;
                Ok(self.state_at(reader, state).await?.iter().map(|(_, event)| *event).collect())
            }
        }
    }

    /// One state event that the reader may see.
    ///
    /// # Errors
    /// `EventNotFound` when the room has no such state.
    pub async fn readable_state_event(
        &self,
        reader: &Reader,
        room: &ReadableRoom,
        kind: &str,
        state_key: &str,
    ) -> Result<(EventNum, Pdu), RoomsError> {
        let num = match room.reach() {
            Reach::Now => self.current_state_num(reader, room.room(), kind, state_key).await?,
            Reach::Until { event, .. } => {
                let state = self.state_after_event(reader, event).await?;
                self.state_num_at(reader, state, kind, state_key).await?
            }
        };
        let num = num.ok_or(RoomsError::EventNotFound)?;
        Ok((num, self.pdu(reader, num).await?))
    }

    /// Member events, as client JSON.
    pub async fn readable_members(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        room: &ReadableRoom,
        query: &MembersQuery,
    ) -> Result<Vec<Bytes>, RoomsError> {
        let nums = match (query.at, room.reach()) {
            (None, Reach::Now) => {
                let members = self.members(reader, room.room()).await?;
                members.into_iter().map(|(_, member)| member.event).collect()
            }
            (None, Reach::Until { event, .. }) => {
                let state = self.state_after_event(reader, event).await?;
                self.member_events_at(reader, state).await?
            }
            (Some(at), _) => match self.state_at_place(reader, room, at.min(room.newest())).await? {
                Some(state) => self.member_events_at(reader, state).await?,
                None => Vec::new(),
            },
        };
        let mut wanted = Vec::with_capacity(nums.len());
        for num in nums {
            if query.wants(&self.pdu(reader, num).await?) {
                wanted.push(num);
            }
        }
        self.state_events(reader, viewer, &wanted, EventForm::Full).await
    }

    async fn member_events_at(&self, reader: &Reader, state: StateNum) -> Result<Vec<EventNum>, RoomsError> {
        let entries = self.state_at(reader, state).await?;
        let keys: Vec<_> = entries.iter().map(|(key, _)| *key).collect();
        let names = self.state_keys(reader, &keys).await?;
        let members = entries.iter().zip(names).filter(|(_, name)| name.0 == "m.room.member");
        Ok(members.map(|((_, event), _)| *event).collect())
    }

    /// The state at a boundary of the timeline. A boundary before the room's creation comes from a
    /// timeline that was sent whole: it stands for the moment when the creator had joined.
    async fn state_at_place(
        &self,
        reader: &Reader,
        room: &ReadableRoom,
        at: TimelinePos,
    ) -> Result<Option<StateNum>, RoomsError> {
        let range = TimelineRange::up_to(at.min(TimelinePos::MAX));
        let newest = self.timeline(reader, room.room(), range, Direction::Backward, 1).await?;
        if let Some((_, event)) = newest.first() {
            return self.state_after_event(reader, *event).await.map(Some);
        }
        let range = TimelineRange { from: Bound::Included(TimelinePos::MIN), to: Bound::Unbounded };
        for (_, event) in
            self.timeline(reader, room.room(), range, Direction::Forward, BEGINNING_EVENTS).await?
        {
            let pdu = self.pdu(reader, event).await?;
            if pdu.kind() == "m.room.member" {
                return self.state_after_event(reader, event).await.map(Some);
            }
        }
        Ok(None)
    }

    /// The joined members of a room with their profiles in it.
    pub async fn joined_profiles(
        &self,
        reader: &Reader,
        room: &JoinedRoom,
    ) -> Result<BTreeMap<OwnedUserId, MemberProfile>, RoomsError> {
        let mut joined = BTreeMap::new();
        for (user, member) in self.members(reader, room.room()).await? {
            if member.membership == Membership::Join {
                let pdu = self.pdu(reader, member.event).await?;
                joined.insert(user, pdu.content_as().unwrap_or_default());
            }
        }
        Ok(joined)
    }
}

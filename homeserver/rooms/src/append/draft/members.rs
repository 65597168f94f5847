//! Memberships: the rows of one that changes, the room's counts, what an invited user is shown.

use model::{EventNum, Pdu, StreamPos};
use ruma::UserId;

use super::Draft;
use crate::RoomsError;
use crate::append::{auth, state_event};
use crate::member::{Member, Membership, MembershipChange};
use crate::read::{MemberCounts, NO_EVENT};
use crate::tables::{MEMBER, MEMBERSHIP_CHANGE, ROOM_OF_USER, STRIPPED, StrippedState};

impl Draft {
    /// A user's membership as this draft leaves it.
    pub async fn member(&self, user: &UserId) -> Result<Option<Member>, RoomsError> {
        if let Some(member) = self.members.get(user) {
            return Ok(Some(*member));
        }
        // Of a room that this server knows from outside, only its own users can have rows.
        if self.expected.is_none() && !self.rooms.is_local(user) {
            return Ok(None);
        }
        self.rooms.member(&self.rooms.parts.store, self.room, user).await
    }

    pub(super) async fn set_member(
        &mut self,
        user: &UserId,
        new: Option<&(EventNum, Pdu)>,
        position: StreamPos,
    ) -> Result<(), RoomsError> {
        let before = self.member(user).await?;
        let previous = before.map(|member| member.membership);
        let membership = new.and_then(|(_, pdu)| auth::membership_of(pdu)).unwrap_or(Membership::Leave);
        let event = new.map_or(NO_EVENT, |(event, _)| *event);
        let member = Member { membership, event, position, previous, forgotten: false };
        self.batch.put(&MEMBER, &(self.room, user.to_owned()), &member.to_row());
        self.batch.put(&ROOM_OF_USER, &(user.to_owned(), self.room), &member.to_row());
        self.count(previous, membership).await?;
        let local = self.rooms.is_local(user);
        if !local {
            let (was_joined, is_joined) =
                (previous == Some(Membership::Join), membership == Membership::Join);
            self.count_server(user.server_name(), was_joined, is_joined).await?;
        }
        if local {
            // Nobody asks when users of other servers came and went.
            let change = MembershipChange { position, room: self.room, event, membership, previous };
            self.batch.put(&MEMBERSHIP_CHANGE, &(user.to_owned(), position), &change.to_row());
            self.targets.push(user.to_owned());
            if matches!(membership, Membership::Invite | Membership::Knock) {
                self.put_stripped(user, new).await?;
            } else if matches!(previous, Some(Membership::Invite | Membership::Knock)) {
                self.batch.delete(&STRIPPED, &(user.to_owned(), self.room));
            }
        }
        self.effects.member(user.to_owned(), membership == Membership::Join, local, position);
        self.members.insert(user.to_owned(), member);
        Ok(())
    }

    async fn count(&mut self, previous: Option<Membership>, now: Membership) -> Result<(), RoomsError> {
        let mut counts = match (self.counts, &self.expected) {
            (Some(counts), _) => counts,
            (None, None) => MemberCounts::default(),
            (None, Some(_)) => self.rooms.member_counts(&self.rooms.parts.store, self.room).await?,
        };
        match previous {
            Some(Membership::Join) => counts.joined = counts.joined.saturating_sub(1),
            Some(Membership::Invite) => counts.invited = counts.invited.saturating_sub(1),
            Some(Membership::Leave | Membership::Ban | Membership::Knock) | None => {}
        }
        match now {
            Membership::Join => counts.joined += 1,
            Membership::Invite => counts.invited += 1,
            Membership::Leave | Membership::Ban | Membership::Knock => {}
        }
        self.counts = Some(counts);
        Ok(())
    }

    async fn put_stripped(&mut self, user: &UserId, new: Option<&(EventNum, Pdu)>) -> Result<(), RoomsError> {
        let Some((_, pdu)) = new else { return Ok(()) };
        let mut events = Vec::new();
        for (kind, state_key) in state_event::shown_to_invited(pdu.sender(), user) {
            if let Some((_, pdu)) = self.state(kind, state_key).await? {
                events.push(state_event::stripped(&pdu)?);
            }
        }
        events.push(state_event::stripped(pdu)?);
        self.batch.put(&STRIPPED, &(user.to_owned(), self.room), &StrippedState { events });
        Ok(())
    }
}

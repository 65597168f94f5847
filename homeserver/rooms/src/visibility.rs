//! Which events of a room a user is shown.
//!
//! The rule itself is [`rules::visibility`]; here is the gathering of its two inputs, history
//! visibility and membership *at the event*. Both are read from the state before the event and
//! remembered by state, because neighbouring messages share one state: a page of a hundred messages
//! costs one look, not a hundred.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use model::{EventNum, Pdu, RoomNum, StateNum, StreamPos, TimelinePos};
use ruma::{
    OwnedUserId, UserId,
    events::room::{
        history_visibility::{HistoryVisibility, RoomHistoryVisibilityEventContent},
        member::MembershipState,
    },
};
use serde::Deserialize;
use store::Reader;

use crate::{EventMeta, Membership, Rooms, RoomsError, access::Viewer};

/// An event that a user may see, with everything that showing it needs.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The event's number.
    pub num: EventNum,
    /// The event.
    pub pdu: Pdu,
    /// Its row.
    pub meta: Arc<EventMeta>,
    /// Its place in the timeline.
    pub position: TimelinePos,
    /// The membership of the user who looks, when the event happened.
    pub membership: Membership,
}

/// What decides about an event, as the state before it says.
#[derive(Clone, Debug)]
struct Standing {
    visibility: HistoryVisibility,
    membership: Membership,
}

/// Judges events of one room for one user, remembering what it read.
pub(crate) struct Judge<'a> {
    rooms: &'a Rooms,
    reader: &'a Reader,
    user: &'a UserId,
    room: RoomNum,
    standings: HashMap<StateNum, Standing>,
    joined_last: Option<Option<TimelinePos>>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(rooms: &'a Rooms, reader: &'a Reader, user: &'a UserId, room: RoomNum) -> Self {
        Self { rooms, reader, user, room, standings: HashMap::new(), joined_last: None }
    }

    /// The event, if it has a place in this room's timeline and the user may see it.
    pub(crate) async fn show(&mut self, num: EventNum) -> Result<Option<Shown>, RoomsError> {
        Ok(self.look(num).await?.and_then(|(shown, is_seen)| is_seen.then_some(shown)))
    }

    /// The event, if it has a place in this room's timeline, and whether the user may see it there.
    pub(crate) async fn look(&mut self, num: EventNum) -> Result<Option<(Shown, bool)>, RoomsError> {
        let meta = self.rooms.meta(self.reader, num).await?;
        let Some(position) = meta.position else { return Ok(None) };
        if meta.room != self.room || meta.rejected || meta.soft_failed {
            return Ok(None);
        }
        let pdu = self.rooms.pdu(self.reader, num).await?;
        if pdu.kind() == crate::append::TIE {
            return Ok(None);
        }
        let before = self.standing(meta.state_before).await?;
        let after = self.after(&pdu, &before);
        let joined_later = self.joined_at_or_after(position).await?;
        let sees = |standing: &Standing| {
            rules::visibility::may_see(
                &standing.visibility,
                &MembershipState::from(standing.membership),
                joined_later,
            )
        };
        // An event that changes one of the two inputs is seen under the better of old and new.
        let is_seen = sees(&before) || after.as_ref().is_some_and(sees);
        let membership = after.map_or(before.membership, |after| after.membership);
        Ok(Some((Shown { num, pdu, meta, position, membership }, is_seen)))
    }

    /// What holds after an event that changes an input; none for all other events.
    fn after(&self, pdu: &Pdu, before: &Standing) -> Option<Standing> {
        match (pdu.kind(), pdu.state_key()?) {
            ("m.room.member", user) if user == self.user.as_str() => {
                Some(Standing { visibility: before.visibility.clone(), membership: membership_of(pdu) })
            }
            ("m.room.history_visibility", "") => {
                Some(Standing { visibility: visibility_of(pdu), membership: before.membership })
            }
            _ => None,
        }
    }

    async fn standing(&mut self, state: StateNum) -> Result<Standing, RoomsError> {
        if let Some(standing) = self.standings.get(&state) {
            return Ok(standing.clone());
        }
        let visibility =
            self.rooms.state_event_at(self.reader, state, "m.room.history_visibility", "").await?;
        let member =
            self.rooms.state_event_at(self.reader, state, "m.room.member", self.user.as_str()).await?;
        let standing = Standing {
            visibility: visibility.as_ref().map_or(HistoryVisibility::Shared, visibility_of),
            membership: member.as_ref().map_or(Membership::Leave, membership_of),
        };
        self.standings.insert(state, standing.clone());
        Ok(standing)
    }

    /// Whether the user was in the room at some time from `position` on.
    async fn joined_at_or_after(&mut self, position: TimelinePos) -> Result<bool, RoomsError> {
        let joined_last = match self.joined_last {
            Some(known) => known,
            None => {
                let found = self.last_moment_joined().await?;
                self.joined_last = Some(found);
                found
            }
        };
        Ok(joined_last.is_some_and(|last| last >= position))
    }

    /// The end of time for a member, the end of the last stay for a former one.
    async fn last_moment_joined(&self) -> Result<Option<TimelinePos>, RoomsError> {
        let Some(member) = self.rooms.member(self.reader, self.room, self.user).await? else {
            return Ok(None);
        };
        if member.membership == Membership::Join {
            return Ok(Some(TimelinePos::MAX));
        }
        if member.previous == Some(Membership::Join) {
            return Ok(Some(TimelinePos::from(member.position)));
        }
        let changes =
            self.rooms.membership_changes(self.reader, self.user, StreamPos::new(0), StreamPos::MAX).await?;
        let left = changes
            .iter()
            .rev()
            .find(|change| change.room == self.room && change.previous == Some(Membership::Join));
        Ok(left.map(|change| TimelinePos::from(change.position)))
    }
}

impl Rooms {
    /// Those of the given events of a room that the user may see, in the given order.
    pub async fn shown(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        room: RoomNum,
        events: &[EventNum],
    ) -> Result<Vec<Shown>, RoomsError> {
        let mut judge = Judge::new(self, reader, viewer.user, room);
        let mut shown = Vec::with_capacity(events.len());
        for event in events {
            shown.extend(judge.show(*event).await?);
        }
        Ok(shown)
    }

    pub(crate) async fn ignored_by(&self, user: &UserId) -> Result<Arc<HashSet<OwnedUserId>>, RoomsError> {
        Ok(self.parts.accounts.ignored_users(user).await?)
    }
}

/// Whether an event is kept from a user because they ignore its sender; state is never kept back.
pub(crate) fn is_ignored(ignored: &HashSet<OwnedUserId>, pdu: &Pdu) -> bool {
    !ignored.is_empty() && !pdu.is_state() && ignored.contains(pdu.sender())
}

fn visibility_of(pdu: &Pdu) -> HistoryVisibility {
    pdu.content_as::<RoomHistoryVisibilityEventContent>()
        .map_or(HistoryVisibility::Shared, |content| content.history_visibility)
}

pub(crate) fn membership_of(pdu: &Pdu) -> Membership {
    #[derive(Deserialize)]
    struct Content {
        membership: String,
    }
    let content = pdu.content_as::<Content>().ok();
    content.and_then(|content| Membership::parse(&content.membership)).unwrap_or(Membership::Leave)
}

//! Who came into the user's rooms and who went, as far as this answer's span goes: the source of device-list changes
//! and of presence that the client has never seen.

use std::collections::{BTreeSet, HashMap};

use model::{RoomNum, StreamPos};
use rooms::{Membership, MembershipChange, StateChange};
use ruma::{OwnedUserId, UserId};
use serde::Deserialize;
use smallvec::SmallVec;

use crate::{context::Context, errors::SyncError, limits::DEVICE_LIST_MEMBERS_MAX, plan::RoomPlan};

/// Comings and goings.
#[derive(Default)]
pub(crate) struct Encounters {
    /// Users who joined a room the user is in.
    came: BTreeSet<OwnedUserId>,
    /// Users who left a room the user is in.
    went: BTreeSet<OwnedUserId>,
    /// Rooms the user joined.
    joined: Vec<RoomNum>,
    /// Rooms the user left.
    left: Vec<RoomNum>,
}

impl Encounters {
    /// Who came into the user's rooms and who went since a position, which is also the one of the context.
    pub async fn in_all_rooms(context: &Context<'_>, since: StreamPos) -> Result<Self, SyncError> {
        let rooms = &context.inner.parts.rooms;
        let (reader, user, up_to) = (context.reader(), context.user(), context.view.position);
        let mut own: HashMap<RoomNum, SmallVec<[MembershipChange; 2]>> = HashMap::new();
        if rooms.latest_membership_change(user).await? > since {
            for change in rooms.membership_changes(reader, user, since, up_to).await? {
                own.entry(change.room).or_default().push(change);
            }
        }
        let memberships = rooms.rooms_of_user(user).await?;
        let moved = rooms.moved_among(since, &memberships);
        let moved = moved.unwrap_or_else(|| (0..memberships.len()).collect());
        let mut encounters = Self::default();
        for (room, _) in moved.iter().filter_map(|index| memberships.get(*index)) {
            if rooms.latest_state_change(*room).await? <= since && !own.contains_key(room) {
                continue;
            }
            let Some(member) = rooms.member(reader, *room, user).await? else { continue };
            let changes = own.remove(room).unwrap_or_default();
            let room_id = rooms.room_id(reader, *room).await?;
            let plan =
                RoomPlan { room: *room, room_id, member, changes, account_data: Vec::new(), appeared: false };
            encounters.look(context, &plan).await?;
        }
        Ok(encounters)
    }

    /// Notes what happened since the client's token in a room, whatever else the answer tells of it. A client that
    /// filters a room or its members out shares the room all the same.
    pub async fn look(&mut self, context: &Context<'_>, plan: &RoomPlan) -> Result<(), SyncError> {
        if plan.member.membership != Membership::Join {
            self.note_left(plan);
            return Ok(());
        }
        let Some(since) = context.since else { return Ok(()) };
        let rooms = &context.inner.parts.rooms;
        let changes = if rooms.latest_state_change(plan.room).await? > since.position {
            let up_to = context.view.position;
            rooms.state_changes(context.reader(), plan.room, since.position, up_to).await?
        } else {
            Vec::new()
        };
        self.note(context, plan, &changes).await.map(drop)
    }

    /// Notes what these changes, all since the client's token, did in a joined room. Answers whether any membership
    /// changed.
    pub async fn note(
        &mut self,
        context: &Context<'_>,
        plan: &RoomPlan,
        changes: &[StateChange],
    ) -> Result<bool, SyncError> {
        if context.since.is_none() {
            return Ok(false);
        }
        if plan.newly_joined() {
            self.joined.push(plan.room);
        }
        let rooms = &context.inner.parts.rooms;
        let mut any = false;
        for change in changes {
            let key = rooms.state_key(context.reader(), change.key).await?;
            if key.0 != "m.room.member" {
                continue;
            }
            any = true;
            let Ok(user) = UserId::parse(&key.1) else { continue };
            let before = self.is_join(context, change.old).await?;
            let after = self.is_join(context, change.new).await?;
            if user != context.user() {
                match (before, after) {
                    (false, true) => _ = self.came.insert(user),
                    (true, false) => _ = self.went.insert(user),
                    (true, true) | (false, false) => {}
                }
            }
        }
        Ok(any)
    }

    /// Notes a room that the user is not in, or no longer.
    pub fn note_left(&mut self, plan: &RoomPlan) {
        let was_joined = plan.changes.iter().any(|change| change.previous == Some(Membership::Join));
        if was_joined {
            self.left.push(plan.room);
        }
    }

    /// Whether the user came into a room.
    pub const fn user_joined(&self) -> bool {
        !self.joined.is_empty()
    }

    /// Users with whom the user shares a room anew.
    pub async fn met(&self, context: &Context<'_>) -> Result<BTreeSet<OwnedUserId>, SyncError> {
        let mut met = self.came.clone();
        for room in &self.joined {
            met.extend(members(context, *room).await?);
        }
        met.remove(context.user());
        Ok(met)
    }

    /// Users with whom the user may no longer share a room.
    pub async fn parted(&self, context: &Context<'_>) -> Result<BTreeSet<OwnedUserId>, SyncError> {
        let mut parted = self.went.clone();
        for room in &self.left {
            parted.extend(members(context, *room).await?);
        }
        parted.remove(context.user());
        Ok(parted)
    }

    async fn is_join(
        &self,
        context: &Context<'_>,
        event: Option<model::EventNum>,
    ) -> Result<bool, SyncError> {
        #[derive(Deserialize)]
        struct Content {
            membership: String,
        }
        let Some(event) = event else { return Ok(false) };
        let pdu = context.inner.parts.rooms.pdu(context.reader(), event).await?;
        Ok(pdu.content_as::<Content>().is_ok_and(|content| content.membership == "join"))
    }
}

async fn members(context: &Context<'_>, room: RoomNum) -> Result<Vec<OwnedUserId>, SyncError> {
    let rooms = &context.inner.parts.rooms;
    Ok(rooms.members_with(context.reader(), room, Membership::Join, DEVICE_LIST_MEMBERS_MAX).await?)
}

//! Which rooms an answer has to look at.
//!
//! An incremental sync asks the log of recent moves which rooms moved since the client's token; only for a token from
//! before the log it compares what is known of each room. Rooms in which nothing moved are left alone. Memory may promise too much, never too little, so a room on the list can still turn out to
//! have nothing to say.

use std::collections::{HashMap, HashSet};

use accounts::AccountDatum;
use model::{RoomNum, StreamPos};
use rooms::{Member, Membership, MembershipChange};
use ruma::OwnedRoomId;
use smallvec::SmallVec;

use crate::{
    account_data::{self, AccountData},
    context::Context,
    errors::SyncError,
};

/// How memberships came about since the client's token, by room, oldest first.
type Changes = HashMap<RoomNum, SmallVec<[MembershipChange; 2]>>;

/// A room to look at.
pub(crate) struct RoomPlan {
    /// The room.
    pub room: RoomNum,
    /// Its id.
    pub room_id: OwnedRoomId,
    /// The user's membership.
    pub member: Member,
    /// How that membership came about since the client's token, oldest first.
    pub changes: SmallVec<[MembershipChange; 2]>,
    /// Account data of the room that the client has not got.
    pub account_data: Vec<AccountDatum>,
    /// The room was left out until its members were all known.
    pub appeared: bool,
}

impl RoomPlan {
    /// Whether the user was not in the room when the client last heard of it, or the client was not told of it.
    pub fn newly_joined(&self) -> bool {
        self.appeared || self.changes.first().is_some_and(|change| change.previous != Some(Membership::Join))
    }
}

/// The rooms of an answer by section.
#[derive(Default)]
pub(crate) struct Plan {
    /// Rooms the user is in.
    pub joined: Vec<RoomPlan>,
    /// Rooms the user is invited to.
    pub invited: Vec<RoomPlan>,
    /// Rooms the user knocks at.
    pub knocked: Vec<RoomPlan>,
    /// Rooms the user left or was removed from.
    pub left: Vec<RoomPlan>,
    /// Rooms that the filter keeps out of the answer: only who came and went in them is told.
    pub hidden: Vec<RoomPlan>,
}

/// Looks through the user's memberships.
pub(crate) async fn plan(context: &Context<'_>, data: &mut AccountData) -> Result<Plan, SyncError> {
    let rooms = &context.inner.parts.rooms;
    let memberships = rooms.rooms_of_user(context.user()).await?;
    let mut changes = membership_changes(context).await?;
    let typing = typing_rooms(context);
    let mut plan = Plan::default();
    let lately = moved_lately(context, &memberships, &changes, &typing, data).await?;
    for index in lately.unwrap_or_else(|| (0..memberships.len()).collect()) {
        let Some((room, member)) = memberships.get(index) else { continue };
        let Some(member) = as_of_now(context, *room, *member).await? else { continue };
        let is_joined = member.membership == Membership::Join;
        if is_joined && context.hides_partial && rooms.is_partial_at(context.reader(), *room).await? {
            continue;
        }
        let changed = changes.remove(room).unwrap_or_default();
        let section = match member.membership {
            Membership::Join => &mut plan.joined,
            Membership::Invite => &mut plan.invited,
            Membership::Knock => &mut plan.knocked,
            Membership::Leave | Membership::Ban => &mut plan.left,
        };
        let wanted = !changed.is_empty()
            || match member.membership {
                Membership::Join => joined_room_moved(context, *room, &typing, data).await?,
                Membership::Invite | Membership::Knock => context.since.is_none() || context.full_state,
                Membership::Leave | Membership::Ban => {
                    context.filter.include_leave && (context.since.is_none() || context.full_state)
                }
            };
        // A room that was forgotten right after the leave is told once: other sessions must hear of the leave.
        let left = matches!(member.membership, Membership::Leave | Membership::Ban);
        let gone = left && member.forgotten && changed.is_empty();
        if !wanted || gone {
            continue;
        }
        let room_id = rooms.room_id(context.reader(), *room).await?;
        if !context.filter.rooms.holds(&room_id) {
            let account_data = Vec::new();
            plan.hidden.push(RoomPlan {
                room: *room,
                room_id,
                member,
                changes: changed,
                account_data,
                appeared: false,
            });
            continue;
        }
        let account_data = data.take_room(&room_id);
        let appeared = is_joined && appeared(context, *room).await?;
        let mut planned = RoomPlan { room: *room, room_id, member, changes: changed, account_data, appeared };
        if context.since.is_some() && member.membership == Membership::Join && planned.newly_joined() {
            planned.account_data = account_data::of_entered_room(context, &planned).await?;
        }
        section.push(planned);
    }
    Ok(plan)
}

/// Whether the client was not told of a room until its members were all known, and now is.
async fn appeared(context: &Context<'_>, room: RoomNum) -> Result<bool, SyncError> {
    let Some(since) = context.since.filter(|_| context.hides_partial) else { return Ok(false) };
    let completion = context.inner.parts.rooms.completion(room).await?;
    Ok(completion.is_some_and(|completion| completion.last > since.position))
}

/// The memberships that an incremental answer may have to tell of, as ascending numbers into the list; none when memory
/// does not reach back so far, or when everything is to be told.
async fn moved_lately(
    context: &Context<'_>,
    memberships: &[(RoomNum, Member)],
    changes: &Changes,
    typing: &HashSet<RoomNum>,
    data: &AccountData,
) -> Result<Option<Vec<usize>>, SyncError> {
    let Some(since) = context.since.filter(|_| !context.full_state) else { return Ok(None) };
    let rooms = &context.inner.parts.rooms;
    let Some(mut lately) = rooms.moved_among(since.position, memberships) else { return Ok(None) };
    let mut others: Vec<RoomNum> = changes.keys().chain(typing).copied().collect();
    for room_id in data.rooms() {
        others.extend(rooms.room_num(context.reader(), room_id).await?);
    }
    if !others.is_empty() {
        let place = |room: &RoomNum| memberships.binary_search_by_key(room, |(room, _)| *room).ok();
        lately.extend(others.iter().filter_map(place));
        lately.sort_unstable();
        lately.dedup();
    }
    Ok(Some(lately))
}

/// Whether anything that a joined room's section can hold may have changed.
async fn joined_room_moved(
    context: &Context<'_>,
    room: RoomNum,
    typing: &HashSet<RoomNum>,
    data: &AccountData,
) -> Result<bool, SyncError> {
    let Some(since) = context.since.filter(|_| !context.full_state) else { return Ok(true) };
    let rooms = &context.inner.parts.rooms;
    if rooms.latest_position(room).await? > since.position
        || rooms.latest_state_change(room).await? > since.position
        || rooms.receipts_latest(context.reader(), room).await? > since.position
        || typing.contains(&room)
    {
        return Ok(true);
    }
    Ok(data.has_rooms() && data.has_room(&rooms.room_id(context.reader(), room).await?))
}

/// A membership as the snapshot knows it: memory may be a moment ahead.
async fn as_of_now(
    context: &Context<'_>,
    room: RoomNum,
    member: Member,
) -> Result<Option<Member>, SyncError> {
    if member.position <= context.view.position {
        return Ok(Some(member));
    }
    Ok(context.inner.parts.rooms.member(context.reader(), room, context.user()).await?)
}

async fn membership_changes(context: &Context<'_>) -> Result<Changes, SyncError> {
    let mut by_room = Changes::new();
    let Some(since) = context.since else { return Ok(by_room) };
    let rooms = &context.inner.parts.rooms;
    if rooms.latest_membership_change(context.user()).await? <= since.position {
        return Ok(by_room);
    }
    let up_to: StreamPos = context.view.position;
    for change in rooms.membership_changes(context.reader(), context.user(), since.position, up_to).await? {
        by_room.entry(change.room).or_default().push(change);
    }
    Ok(by_room)
}

fn typing_rooms(context: &Context<'_>) -> HashSet<RoomNum> {
    match context.since {
        Some(since) if since.ephemeral < context.view.ephemeral => {
            context.inner.parts.rooms.typing().rooms_changed_since(since.ephemeral).into_iter().collect()
        }
        Some(_) | None => HashSet::new(),
    }
}

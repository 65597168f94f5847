//! A user's rooms in the order of their last event, the newest first.
//!
//! Kept in memory and mended: when rooms moved, only they are asked for their new place; when the user's memberships
//! changed, the list is made anew from what `rooms` has in memory. A thousand quiet rooms cost nothing.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use model::{EventNum, RoomNum, StreamPos};
use moka::sync::Cache;
use rooms::{Member, Membership};
use ruma::{OwnedUserId, UserId};

use super::limits::ORDERS_BYTES_MAX;
use crate::{SyncError, context::Context};

/// How a user stands to a room of the list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Standing {
    /// In it.
    Joined,
    /// Invited or knocking: nothing but stripped state is shown.
    Outside,
    /// Kicked or banned, or turned away, after having been in it, invited or knocking.
    Removed,
    /// Gone by themselves, or never there.
    Left,
}

/// A room of the list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Position of the newest event, or of the membership when the user is not in the room.
    pub at: StreamPos,
    /// The room.
    pub room: RoomNum,
    /// The user's membership.
    pub member: Member,
    /// What it means for the list.
    pub standing: Standing,
}

/// All rooms in which a user ever had a membership.
pub(crate) struct Order {
    /// As `rooms` answered them, sorted by room.
    pub memberships: Arc<[(RoomNum, Member)]>,
    /// What happened up to here is in the order.
    as_of: StreamPos,
    /// The newest first.
    pub entries: Vec<Entry>,
}

/// The orders that are remembered.
pub(crate) struct Orders(Cache<OwnedUserId, Arc<Order>>);

impl Default for Orders {
    fn default() -> Self {
        let bytes = |_: &OwnedUserId, order: &Arc<Order>| {
            u32::try_from(order.entries.len() * size_of::<Entry>() + 256).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().weigher(bytes).max_capacity(ORDERS_BYTES_MAX).build())
    }
}

impl Orders {
    /// The order at the moment of the answer, or a little later.
    pub async fn of(&self, context: &Context<'_>) -> Result<Arc<Order>, SyncError> {
        let rooms = &context.inner.parts.rooms;
        let memberships = rooms.rooms_of_user(context.user()).await?;
        let known = self.0.get(context.user());
        let mended = match &known {
            Some(known) if Arc::ptr_eq(&known.memberships, &memberships) => mend(context, known).await?,
            Some(_) | None => None,
        };
        let order = match mended {
            Some(order) => order,
            None => Arc::new(build(context, memberships, known.as_deref()).await?),
        };
        if !known.is_some_and(|known| Arc::ptr_eq(&known, &order)) {
            self.0.insert(context.user().to_owned(), order.clone());
        }
        Ok(order)
    }
}

/// The order with the rooms that moved in their new places; none when too much happened to say which.
async fn mend(context: &Context<'_>, known: &Arc<Order>) -> Result<Option<Arc<Order>>, SyncError> {
    let rooms = &context.inner.parts.rooms;
    let Some(moved) = rooms.moved_among(known.as_of, &known.memberships) else { return Ok(None) };
    let joined = |index: &usize| {
        known.memberships.get(*index).filter(|(_, member)| member.membership == Membership::Join)
    };
    let moved: HashSet<RoomNum> = moved.iter().filter_map(joined).map(|(room, _)| *room).collect();
    if moved.is_empty() {
        return Ok(Some(known.clone()));
    }
    let mut entries = known.entries.clone();
    for entry in entries.iter_mut().filter(|entry| moved.contains(&entry.room)) {
        entry.at = rooms.latest_position(entry.room).await?;
    }
    sort(&mut entries);
    let as_of = context.view.position;
    Ok(Some(Arc::new(Order { memberships: known.memberships.clone(), as_of, entries })))
}

async fn build(
    context: &Context<'_>,
    memberships: Arc<[(RoomNum, Member)]>,
    known: Option<&Order>,
) -> Result<Order, SyncError> {
    let judged = known.map(|known| &known.entries[..]).unwrap_or_default();
    let judged: HashMap<(RoomNum, EventNum), Standing> =
        judged.iter().map(|entry| ((entry.room, entry.member.event), entry.standing)).collect();
    let mut entries = Vec::with_capacity(memberships.len());
    for (room, member) in memberships.iter() {
        let standing = match judged.get(&(*room, member.event)) {
            Some(standing) => *standing,
            None => standing(context, *room, member).await?,
        };
        let at = match standing {
            Standing::Joined => context.inner.parts.rooms.latest_position(*room).await?,
            Standing::Outside | Standing::Removed | Standing::Left => member.position,
        };
        entries.push(Entry { at, room: *room, member: *member, standing });
    }
    sort(&mut entries);
    Ok(Order { memberships, as_of: context.view.position, entries })
}

/// A stable sort, because it is fast on what is nearly sorted.
fn sort(entries: &mut [Entry]) {
    entries.sort_by_key(|entry| Reverse((entry.at, entry.room)));
}

/// How a user stands to a room with this membership.
pub(crate) async fn standing(
    context: &Context<'_>,
    room: RoomNum,
    member: &Member,
) -> Result<Standing, SyncError> {
    match member.membership {
        Membership::Join => return Ok(Standing::Joined),
        Membership::Invite | Membership::Knock => return Ok(Standing::Outside),
        Membership::Leave | Membership::Ban => {}
    }
    let rooms = &context.inner.parts.rooms;
    let by_others = || async {
        let event = rooms.pdu(context.reader(), member.event).await?;
        Ok::<_, SyncError>(event.sender() != context.user())
    };
    let removed = match (member.membership, member.previous) {
        (_, None) => false,
        (Membership::Ban, Some(Membership::Leave | Membership::Ban)) => {
            was_ever_near(context, room, context.user()).await?
        }
        // Unbanning is no removal.
        (_, Some(Membership::Leave | Membership::Ban)) => false,
        (_, Some(Membership::Join | Membership::Invite | Membership::Knock)) => by_others().await?,
    };
    Ok(if removed { Standing::Removed } else { Standing::Left })
}

async fn was_ever_near(context: &Context<'_>, room: RoomNum, user: &UserId) -> Result<bool, SyncError> {
    let rooms = &context.inner.parts.rooms;
    let up_to = context.view.position;
    let changes = rooms.membership_changes(context.reader(), user, StreamPos::ZERO, up_to).await?;
    let near = |membership| matches!(membership, Membership::Join | Membership::Invite | Membership::Knock);
    Ok(changes.iter().any(|change| change.room == room && near(change.membership)))
}

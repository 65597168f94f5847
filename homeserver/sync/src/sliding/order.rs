//! A user's rooms in the order of their last event, kept in memory and mended.
//!
//! Made once for a user who asks, from what `rooms` has in memory; then rooms that moved are put into their new places,
//! and memberships that changed are compared. So an answer costs what moved and what its windows show, and a thousand
//! quiet rooms cost nothing. Nothing is stored: a message in a large room would write a row for each member. Who was
//! quiet longest is forgotten first, within a budget of bytes.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use model::{RoomNum, StreamPos};
use moka::{policy::EvictionPolicy, sync::Cache};
use rooms::Member;
use ruma::{OwnedUserId, UserId};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{
    filtered::Filtered,
    limits::{ORDER_ENTRY_BYTES, ORDERS_BYTES_MAX},
    standing::{Eligibility, Entry, Standing, standing},
};
use crate::{SyncError, context::Context};

/// All rooms in which a user ever had a membership.
pub(crate) struct Order {
    /// As `rooms` answered them, sorted by room.
    pub memberships: Arc<[(RoomNum, Member)]>,
    /// What happened up to here is in the order.
    as_of: StreamPos,
    entries: HashMap<RoomNum, Entry>,
    /// Rooms that stand in lists unless the invite is hidden.
    pub outside: HashSet<RoomNum>,
    /// Rooms that stand in lists only while a connection has to be told of the departure.
    pub departed: HashSet<RoomNum>,
    /// The lists that were asked for lately, the last one at the end.
    pub(super) lists: Vec<Filtered>,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            memberships: Arc::from([]),
            as_of: StreamPos::ZERO,
            entries: HashMap::new(),
            outside: HashSet::new(),
            departed: HashSet::new(),
            lists: Vec::new(),
        }
    }
}

impl Order {
    /// A room of the user.
    pub fn entry(&self, room: RoomNum) -> Option<&Entry> {
        self.entries.get(&room)
    }

    /// All rooms of the user, in no order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// Brings in what happened since the last time. May be given up at any moment: what was brought in stays.
    async fn mend(&mut self, context: &Context<'_>) -> Result<(), SyncError> {
        let rooms = &context.inner.parts.rooms;
        let memberships = rooms.rooms_of_user(context.user()).await?;
        let moved = rooms.moved_among(self.as_of, &memberships);
        let is_new_list = !Arc::ptr_eq(&self.memberships, &memberships);
        match &moved {
            Some(moved) if !is_new_list => {
                for (room, member) in moved.iter().filter_map(|index| memberships.get(*index)) {
                    self.put(context, *room, member).await?;
                }
            }
            moved => {
                for (index, (room, member)) in memberships.iter().enumerate() {
                    let has_moved = moved.as_ref().is_none_or(|moved| moved.binary_search(&index).is_ok());
                    if has_moved || self.entries.get(room).is_none_or(|known| known.member != *member) {
                        self.put(context, *room, member).await?;
                    }
                }
            }
        }
        if is_new_list && self.entries.len() > memberships.len() {
            let is_there = |room: &RoomNum| memberships.binary_search_by_key(room, |(room, _)| *room).is_ok();
            let purged: Vec<RoomNum> = self.entries.keys().filter(|room| !is_there(room)).copied().collect();
            purged.into_iter().for_each(|room| self.remove(room));
        }
        self.memberships = memberships;
        self.as_of = self.as_of.max(context.view.position);
        Ok(())
    }

    /// Puts a room where it stands now.
    async fn put(&mut self, context: &Context<'_>, room: RoomNum, member: &Member) -> Result<(), SyncError> {
        let judged = self.entries.get(&room).filter(|known| known.member.event == member.event);
        let standing = match judged {
            Some(known) => known.standing,
            None => standing(context, room, member).await?,
        };
        let at = match standing {
            Standing::Joined => context.inner.parts.rooms.latest_position(room).await?,
            Standing::Outside | Standing::Removed | Standing::Left => member.position,
        };
        self.remove(room);
        let entry = Entry { at, room, member: *member, standing };
        match entry.eligibility() {
            Eligibility::Always => {}
            Eligibility::UnlessHidden => drop(self.outside.insert(room)),
            Eligibility::WhileUntold => drop(self.departed.insert(room)),
        }
        self.entries.insert(room, entry);
        Ok(())
    }

    fn remove(&mut self, room: RoomNum) {
        let place = self.entries.remove(&room).map(|entry| entry.place());
        self.lists.iter_mut().for_each(|list| list.doubt(room, place));
        self.outside.remove(&room);
        self.departed.remove(&room);
    }

    fn bytes(&self) -> u32 {
        let lists: usize = self.lists.iter().map(Filtered::bytes).sum();
        u32::try_from(512 + self.entries.len() * ORDER_ENTRY_BYTES + lists).unwrap_or(u32::MAX)
    }
}

#[derive(Default)]
struct Kept {
    order: Arc<Mutex<Order>>,
    bytes: AtomicU32,
}

/// The orders that are remembered.
pub(crate) struct Orders(Cache<OwnedUserId, Arc<Kept>>);

impl Default for Orders {
    fn default() -> Self {
        let bytes = |_: &OwnedUserId, kept: &Arc<Kept>| kept.bytes.load(Ordering::Relaxed);
        let cache = Cache::builder().eviction_policy(EvictionPolicy::lru());
        Self(cache.weigher(bytes).max_capacity(ORDERS_BYTES_MAX).build())
    }
}

impl Orders {
    /// The order at the moment of the answer, or a little later. Whoever holds it lets the user's other sessions wait.
    pub async fn of(&self, context: &Context<'_>) -> Result<OwnedMutexGuard<Order>, SyncError> {
        let kept = self.0.get_with(context.user().to_owned(), Arc::default);
        let mut order = kept.order.clone().lock_owned().await;
        order.mend(context).await?;
        Ok(order)
    }

    /// How many rooms the last request of a user judged for its list.
    #[cfg(test)]
    pub async fn judged(&self, user: &UserId) -> Option<usize> {
        let kept = self.0.get(user)?;
        let order = kept.order.lock().await;
        order.lists.last().map(Filtered::judged)
    }

    /// Notes what an order weighs after it was used.
    pub fn weigh(&self, user: &UserId, order: &Order) {
        let Some(kept) = self.0.get(user) else { return };
        let bytes = order.bytes();
        if kept.bytes.swap(bytes, Ordering::Relaxed) != bytes {
            self.0.insert(user.to_owned(), kept);
        }
    }
}

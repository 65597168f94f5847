//! How many unread notifications a user has over all rooms: the number on the app's icon.
//!
//! Counted from scratch once, then room by room as the feed says that something moved there. Counts of
//! single rooms come from `rooms::unread`, so an icon never disagrees with the room list.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use model::RoomNum;
use moka::sync::Cache;
use parking_lot::Mutex;
use rooms::{Membership, RoomsError};
use ruma::{OwnedUserId, UserId};

use super::Push;
use crate::limits::BADGES_CACHED_MAX;

/// Counts by user.
pub(crate) struct Badges(Cache<OwnedUserId, Arc<Mutex<Badge>>>);

/// What is known of one user.
#[derive(Default)]
pub(crate) struct Badge {
    /// Unread notifications by room; rooms without any are left out.
    rooms: HashMap<RoomNum, u64>,
    /// Rooms in which something moved since they were counted.
    moved: HashSet<RoomNum>,
    /// Whether every room was counted once.
    whole: bool,
}

impl Badges {
    pub fn new() -> Self {
        Self(Cache::new(BADGES_CACHED_MAX))
    }

    /// Something happened in a room that may change what this user has not read.
    pub fn moved(&self, user: &UserId, room: RoomNum) {
        if let Some(badge) = self.0.get(user) {
            badge.lock().moved.insert(room);
        }
    }
}

impl Push {
    /// Unread notifications of a user in all rooms, and invitations.
    pub(crate) async fn badge(&self, user: &UserId) -> Result<u64, RoomsError> {
        let rooms = &self.0.parts.rooms;
        let badge = self.0.badges.0.get_with(user.to_owned(), Arc::default);
        let memberships = rooms.rooms_of_user(user).await?;
        let of = |membership| {
            memberships
                .iter()
                .filter(move |(_, member)| member.membership == membership)
                .map(|(room, _)| *room)
        };
        let joined: HashSet<RoomNum> = of(Membership::Join).collect();
        let stale: Vec<RoomNum> = {
            let mut badge = badge.lock();
            let moved = std::mem::take(&mut badge.moved);
            if badge.whole { moved.into_iter().collect() } else { joined.iter().copied().collect() }
        };
        let snapshot = rooms.store().snapshot();
        for room in stale.into_iter().filter(|room| joined.contains(room)) {
            let unread = rooms.unread(&snapshot, user, room, snapshot.position()).await;
            let mut badge = badge.lock();
            match unread {
                Ok(unread) => badge.rooms.insert(room, unread.total().notifications),
                Err(error) => {
                    badge.whole = false;
                    return Err(error);
                }
            };
        }
        let mut badge = badge.lock();
        badge.whole = true;
        badge.rooms.retain(|room, count| *count > 0 && joined.contains(room));
        let invitations = u64::try_from(of(Membership::Invite).count()).unwrap_or(u64::MAX);
        Ok(badge.rooms.values().sum::<u64>().saturating_add(invitations))
    }
}

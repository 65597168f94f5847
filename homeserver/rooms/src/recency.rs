//! Which rooms moved lately, so that a look at a user's rooms need not ask each of them.
//!
//! [`Recency`] holds every room once, at the position of the last thing in it that its members are told of: an event, a
//! change of state, a receipt. The committer moves a room to the end before anybody hears of the commit. The log is
//! bounded; the position of what fell out is its floor, and whoever asks from below the floor has to look at all
//! rooms. It may promise too much, never too little. What lives in memory only (typing, presence) and what belongs to
//! a user rather than a room (account data) is not in it.

use std::collections::{BTreeSet, HashMap};

use model::{RoomNum, StreamPos};
use parking_lot::RwLock;
use ruma::{UserId, api::Direction};

use crate::limits::{RECENT_ROOMS_MAX, RECENT_ROOMS_WALK_SPARE};
use crate::member::{Member, Membership};
use crate::read::TimelineRange;
use crate::{Rooms, RoomsError, limits};

/// The types of events that make a room move up in a list that is sorted by activity: those that clients of sliding sync
/// count as activity when they do not say otherwise.
pub const BUMP_EVENT_TYPES: [&str; 8] = [
    "m.room.create",
    "m.room.message",
    "m.room.encrypted",
    "m.sticker",
    "m.call.invite",
    "m.poll.start",
    "org.matrix.msc3381.poll.start",
    "m.beacon_info",
];

/// Whether an event of this type makes its room move up.
pub(crate) fn is_bump(kind: &str) -> bool {
    BUMP_EVENT_TYPES.contains(&kind)
}

/// The rooms by the position at which each last moved.
pub(crate) struct Recency(RwLock<Log>);

struct Log {
    /// Every move after this position is in the log.
    floor: StreamPos,
    by_position: BTreeSet<(StreamPos, RoomNum)>,
    of_room: HashMap<RoomNum, StreamPos>,
}

impl Recency {
    /// A log that begins at `frontier`: it knows every move after it.
    pub fn new(frontier: StreamPos) -> Self {
        Self(RwLock::new(Log { floor: frontier, by_position: BTreeSet::new(), of_room: HashMap::new() }))
    }

    /// Something in the room was committed at `position`.
    pub fn moved(&self, room: RoomNum, position: StreamPos) {
        let mut log = self.0.write();
        let before = log.of_room.get(&room).copied();
        if before.is_some_and(|before| before >= position) || position <= log.floor {
            return;
        }
        if let Some(before) = before {
            log.by_position.remove(&(before, room));
        }
        log.by_position.insert((position, room));
        log.of_room.insert(room, position);
        if log.by_position.len() > RECENT_ROOMS_MAX
            && let Some((oldest, room)) = log.by_position.pop_first()
        {
            log.of_room.remove(&room);
            log.floor = oldest;
        }
    }

    /// Those of `rooms` (sorted by room) that moved after a position, as numbers into the slice; none when the log does not
    /// reach back so far.
    fn among(&self, after: StreamPos, rooms: &[(RoomNum, Member)]) -> Option<Vec<usize>> {
        let log = self.0.read();
        if after < log.floor {
            return None;
        }
        let mut found = Vec::new();
        let newer = log.by_position.iter().rev().take_while(|(position, _)| *position > after);
        for (walked, (_, room)) in newer.enumerate() {
            if walked > rooms.len() + RECENT_ROOMS_WALK_SPARE {
                // More rooms of others moved than the user has: ask for the user's own.
                return Some(log.own(after, rooms));
            }
            found.extend(rooms.binary_search_by_key(room, |(room, _)| *room).ok());
        }
        found.sort_unstable();
        Some(found)
    }
}

impl Log {
    fn own(&self, after: StreamPos, rooms: &[(RoomNum, Member)]) -> Vec<usize> {
        let moved = |room: &RoomNum| self.of_room.get(room).is_some_and(|position| *position > after);
        rooms.iter().enumerate().filter(|(_, (room, _))| moved(room)).map(|(index, _)| index).collect()
    }
}

/// A room of a user's list by activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecentRoom {
    /// The room.
    pub room: RoomNum,
    /// The user's membership.
    pub member: Member,
    /// Where the room was last active: its newest event of [`BUMP_EVENT_TYPES`] for a member, the user's own membership
    /// event for an invited, knocking or departed user.
    pub active_at: StreamPos,
}

impl Rooms {
    /// Those of `rooms` in which an event, a change of state or a receipt was committed after a position, as ascending
    /// numbers into the slice; none when memory does not reach back so far and every room has to be looked at. May name
    /// too many, never too few. `rooms` is what [`Rooms::rooms_of_user`] answered, or any list sorted by room. Costs as
    /// much as rooms moved on the whole server, at most as much as there are `rooms`.
    #[must_use]
    pub fn moved_among(&self, after: StreamPos, rooms: &[(RoomNum, Member)]) -> Option<Vec<usize>> {
        self.caches.recency.among(after, rooms)
    }

    /// Position of the newest event of a room that counts as activity ([`BUMP_EVENT_TYPES`]). From memory after the first
    /// use; never too low. A room whose last [`limits::BUMP_SCAN_EVENTS_MAX`] events hold none answers the oldest of these.
    pub async fn active_at(&self, room: RoomNum) -> Result<StreamPos, RoomsError> {
        self.caches
            .latest_bump
            .get_or_load(&room, async {
                let (store, limit) = (&self.parts.store, limits::BUMP_SCAN_EVENTS_MAX);
                let newest =
                    self.timeline(store, room, TimelineRange::all(), Direction::Backward, limit).await?;
                let mut found = StreamPos::ZERO;
                for (position, event) in newest {
                    found = StreamPos::new(u64::try_from(position.get()).unwrap_or(0));
                    if is_bump(self.pdu(store, event).await?.kind()) {
                        break;
                    }
                }
                Ok(found)
            })
            .await
    }

    /// The rooms of a user, the most lately active first; rooms that the user forgot are not among them. From memory but
    /// for rooms that nobody asked about before.
    pub async fn rooms_by_activity(&self, user: &UserId) -> Result<Vec<RecentRoom>, RoomsError> {
        let memberships = self.rooms_of_user(user).await?;
        let mut rooms = Vec::with_capacity(memberships.len());
        for (room, member) in memberships.iter().filter(|(_, member)| !member.forgotten) {
            let active_at = match member.membership {
                Membership::Join => self.active_at(*room).await?,
                Membership::Invite | Membership::Knock | Membership::Leave | Membership::Ban => {
                    member.position
                }
            };
            rooms.push(RecentRoom { room: *room, member: *member, active_at });
        }
        rooms.sort_unstable_by_key(|recent| std::cmp::Reverse((recent.active_at, recent.room)));
        Ok(rooms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::NO_EVENT;

    fn rooms(numbers: &[u64]) -> Vec<(RoomNum, Member)> {
        let member = Member {
            membership: Membership::Join,
            event: NO_EVENT,
            position: StreamPos::ZERO,
            previous: None,
            forgotten: false,
        };
        numbers.iter().map(|number| (RoomNum::new(*number), member)).collect()
    }

    fn log(moves: impl IntoIterator<Item = (u64, u64)>) -> Recency {
        let log = Recency::new(StreamPos::new(10));
        for (room, position) in moves {
            log.moved(RoomNum::new(room), StreamPos::new(position));
        }
        log
    }

    #[test]
    fn only_own_rooms_that_moved_are_named() {
        let log = log([(1, 11), (2, 12), (3, 13), (1, 14)]);
        let own = rooms(&[1, 2, 5]);
        let table = [(10, vec![0, 1]), (11, vec![0, 1]), (12, vec![0]), (13, vec![0]), (14, vec![])];
        for (after, expected) in table {
            assert_eq!(log.among(StreamPos::new(after), &own), Some(expected), "after {after}");
        }
    }

    #[test]
    fn who_asks_from_before_the_log_looks_at_everything() {
        assert_eq!(log([(1, 11)]).among(StreamPos::new(9), &rooms(&[1])), None);
        let many = 11..12 + RECENT_ROOMS_MAX as u64;
        let full = log(many.map(|number| (number, number)));
        assert_eq!(full.among(StreamPos::new(10), &rooms(&[11, 12])), None, "room 11 fell out");
        assert_eq!(full.among(StreamPos::new(11), &rooms(&[11, 12])), Some(vec![1]));
    }

    #[test]
    fn a_user_of_few_rooms_on_a_busy_server_is_answered_the_same() {
        let log = log((1..5_000).map(|number| (number, number + 10)));
        assert_eq!(log.among(StreamPos::new(11), &rooms(&[1, 2, 4_999, 6_000])), Some(vec![1, 2]));
    }

    #[test]
    fn a_commit_that_is_seen_late_moves_nothing_back() {
        let log = log([(1, 20), (1, 15)]);
        assert_eq!(log.among(StreamPos::new(16), &rooms(&[1])), Some(vec![0]));
        assert_eq!(log.0.read().by_position.len(), 1);
    }
}

//! Waking the members of large rooms after a change of presence, by and by.
//!
//! Rooms wait in line, each at most once, and one task wakes their members in groups with a pause
//! between. So everybody who shares a room hears of the change, and a company of ten thousand costs the
//! same few wakes a second whether one of them comes online or a thousand. Never decides who may see
//! whom.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Weak},
    time::Duration,
};

use model::RoomNum;
use parking_lot::Mutex;

use crate::{Rooms, RoomsError, RoomsInner};

/// Pause after each group of members that was woken.
const PAUSE: Duration = Duration::from_millis(1_000);

/// Large rooms whose members are still to be woken.
#[derive(Default)]
pub(crate) struct PresenceWaves(Mutex<Line>);

#[derive(Default)]
struct Line {
    waiting: VecDeque<RoomNum>,
    known: HashSet<RoomNum>,
    running: bool,
}

impl PresenceWaves {
    /// Puts a room in line; whether somebody must begin to work on the line.
    fn add(&self, room: RoomNum) -> bool {
        let mut line = self.0.lock();
        if line.known.insert(room) {
            line.waiting.push_back(room);
        }
        !std::mem::replace(&mut line.running, true)
    }

    /// The next room; none ends the work.
    fn next(&self) -> Option<RoomNum> {
        let mut line = self.0.lock();
        let next = line.waiting.pop_front();
        match next {
            // From here on a change puts the room in line again: members woken before it must hear of it.
            Some(room) => _ = line.known.remove(&room),
            None => line.running = false,
        }
        next
    }
}

impl Rooms {
    /// Wakes the members of a large room soon, in groups. The line holds each room once, so it is never
    /// longer than there are rooms. To be called inside of a runtime.
    pub fn wake_by_and_by(&self, room: RoomNum) {
        if self.reading.presence_waves.add(room) {
            tokio::spawn(work(Arc::downgrade(&self.0)));
        }
    }

    async fn groups(&self, room: RoomNum) -> Result<Vec<Arc<[ruma::OwnedUserId]>>, RoomsError> {
        Ok(self.local_members(room).await?.chunks().to_vec())
    }
}

/// Works off the line. Between two groups it keeps nothing alive: a server that stops must let go of its
/// store.
async fn work(rooms: Weak<RoomsInner>) {
    loop {
        let groups = {
            let Some(rooms) = rooms.upgrade().map(Rooms) else { return };
            let Some(room) = rooms.reading.presence_waves.next() else { return };
            rooms.groups(room).await.unwrap_or_else(|error| {
                tracing::warn!(?room, %error, "wake the members of a large room");
                Vec::new()
            })
        };
        for users in groups {
            {
                let Some(rooms) = rooms.upgrade().map(Rooms) else { return };
                rooms.parts.notifier.wake_users(&users);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_waits_once_and_may_come_again_when_its_turn_began() {
        let waves = PresenceWaves::default();
        let (one, two) = (RoomNum::new(1), RoomNum::new(2));
        assert!(waves.add(one), "the first one starts the work");
        assert!(!waves.add(one) && !waves.add(two));
        assert_eq!(waves.next(), Some(one));
        assert!(!waves.add(one), "somebody works already");
        assert_eq!([waves.next(), waves.next(), waves.next()], [Some(two), Some(one), None]);
        assert!(waves.add(two), "the work had ended");
    }
}

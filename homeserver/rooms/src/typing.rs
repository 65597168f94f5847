//! Who is typing where: memory only, gone with the process.
//!
//! Owns the set of typing users of each room, the serial of its last change and the timers that end
//! a notice. Never checks who may type or see: [`crate::access`] did that before.

use std::{collections::HashMap, sync::Arc, time::Duration};

use model::RoomNum;
use parking_lot::Mutex;
use ruma::{OwnedUserId, UserId};
use streams::{EphemeralPos, Notifier};
use tokio::sync::watch;

use crate::read::LocalMembers;

/// A notice without an own duration ends after this time.
pub const TYPING_TIMEOUT_MS_DEFAULT: u64 = 30_000;
/// No client can claim to type for longer without saying so again.
pub const TYPING_TIMEOUT_MS_MAX: u64 = 120_000;
/// Users shown as typing in one room; further ones are not recorded.
pub const TYPING_USERS_MAX: usize = 100;

/// The typing notices of all rooms. Cloning shares them.
#[derive(Clone)]
pub struct Typing(Arc<Inner>);

struct Inner {
    serials: EphemeralPos,
    notifier: Notifier,
    rooms: Mutex<HashMap<RoomNum, RoomTyping>>,
}

#[derive(Default)]
struct RoomTyping {
    /// Users in the order in which they began, each with the serial that started its timer.
    users: Vec<(OwnedUserId, u64)>,
    serial: u64,
}

impl Typing {
    pub(crate) fn new(serials: EphemeralPos, notifier: Notifier) -> Self {
        Self(Arc::new(Inner { serials, notifier, rooms: Mutex::default() }))
    }

    /// Notes that a user types for `timeout_ms`, and wakes the audience if that is news.
    pub fn start(&self, room: RoomNum, user: &UserId, timeout_ms: u64, audience: LocalMembers) {
        let Some((timer, news)) = self.note(room, user) else { return };
        if news {
            self.wake(&audience);
        }
        let (typing, user) = (self.clone(), user.to_owned());
        let timeout = Duration::from_millis(timeout_ms.min(TYPING_TIMEOUT_MS_MAX));
        tokio::spawn(async move {
            tokio::time::sleep(timeout).await;
            if typing.remove(room, &user, Some(timer)) {
                typing.wake(&audience);
            }
        });
    }

    /// Notes that a user stopped typing, and wakes the audience if that is news.
    pub fn stop(&self, room: RoomNum, user: &UserId, audience: &LocalMembers) {
        if self.remove(room, user, None) {
            self.wake(audience);
        }
    }

    fn wake(&self, audience: &LocalMembers) {
        for users in audience.chunks() {
            self.0.notifier.wake_users(users);
        }
    }

    /// The serial to sample before reading; every change up to it can be read afterwards.
    pub fn serial(&self) -> u64 {
        let serial = self.0.serials.now();
        self.settled();
        serial
    }

    /// Tells of every serial given, to presence too.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.0.serials.changes()
    }

    /// Waits out a change that took its serial and is not written yet.
    pub(crate) fn settled(&self) {
        drop(self.0.rooms.lock());
    }

    /// Who types now, if that changed after the serial `after`; an empty list says that all stopped.
    pub fn changed_since(&self, room: RoomNum, after: u64) -> Option<Vec<OwnedUserId>> {
        let rooms = self.0.rooms.lock();
        let typing = rooms.get(&room).filter(|typing| typing.serial > after)?;
        Some(typing.users.iter().map(|(user, _)| user.clone()).collect())
    }

    /// Who types now.
    pub fn current(&self, room: RoomNum) -> Vec<OwnedUserId> {
        self.changed_since(room, 0).unwrap_or_default()
    }

    /// Rooms in which anything changed after the serial `after`.
    pub fn rooms_changed_since(&self, after: u64) -> Vec<RoomNum> {
        let rooms = self.0.rooms.lock();
        rooms.iter().filter(|(_, typing)| typing.serial > after).map(|(room, _)| *room).collect()
    }

    /// The serial of this notice, and whether the user did not type before; `None` when full.
    fn note(&self, room: RoomNum, user: &UserId) -> Option<(u64, bool)> {
        let mut rooms = self.0.rooms.lock();
        let typing = rooms.entry(room).or_default();
        let serial = self.0.serials.next();
        if let Some((_, timer)) = typing.users.iter_mut().find(|(typist, _)| typist == user) {
            *timer = serial;
            return Some((serial, false));
        }
        if typing.users.len() >= TYPING_USERS_MAX {
            return None;
        }
        typing.users.push((user.to_owned(), serial));
        typing.serial = serial;
        Some((serial, true))
    }

    /// Whether a notice was there and is gone now; with `timer` only if no newer notice replaced it.
    fn remove(&self, room: RoomNum, user: &UserId, timer: Option<u64>) -> bool {
        let mut rooms = self.0.rooms.lock();
        let Some(typing) = rooms.get_mut(&room) else { return false };
        let before = typing.users.len();
        typing
            .users
            .retain(|(typist, started)| typist != user || timer.is_some_and(|timer| timer != *started));
        let removed = typing.users.len() < before;
        if removed {
            typing.serial = self.0.serials.next();
        }
        removed
    }
}

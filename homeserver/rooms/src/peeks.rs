//! Who looks into a room from outside and waits for what comes: a commit is announced to members, and these are none.

use std::collections::HashMap;

use model::{RoomNum, StreamPos};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::{Rooms, access::ReadableRoom, limits::PEEK_YIELDS_MAX};

/// The rooms into which somebody looks, each with the position of its newest event. As many as there are requests.
#[derive(Default)]
pub(crate) struct Peeks(Mutex<HashMap<RoomNum, watch::Sender<StreamPos>>>);

impl Peeks {
    /// Something came into a room; called by the committer.
    pub fn wake(&self, room: RoomNum, position: StreamPos) {
        if let Some(sender) = self.0.lock().get(&room) {
            sender.send_replace(position);
        }
    }
}

/// A look into a room that waits. Begin it before reading, so that nothing falls between reading and waiting.
pub struct Peek {
    rooms: Rooms,
    room: RoomNum,
    newest: watch::Receiver<StreamPos>,
}

impl Rooms {
    /// Begins to look into a room.
    #[must_use]
    pub fn peek(&self, room: &ReadableRoom) -> Peek {
        let room = room.room();
        let mut rooms = self.reading.peeks.0.lock();
        let newest = rooms.entry(room).or_insert_with(|| watch::Sender::new(StreamPos::ZERO)).subscribe();
        Peek { rooms: self.clone(), room, newest }
    }
}

impl Peek {
    /// Waits until something came into the room and readers can see it.
    pub async fn changed(&mut self) {
        if self.newest.changed().await.is_err() {
            return;
        }
        let newest = *self.newest.borrow_and_update();
        // The committer wakes a moment before readers see the commit.
        for _ in 0..PEEK_YIELDS_MAX {
            if self.rooms.parts.store.frontier() >= newest {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Peek {
    fn drop(&mut self) {
        let mut rooms = self.rooms.reading.peeks.0.lock();
        // This one is still counted.
        if rooms.get(&self.room).is_some_and(|sender| sender.receiver_count() <= 1) {
            rooms.remove(&self.room);
        }
    }
}

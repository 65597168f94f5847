//! Who looks into a room from outside and waits for what comes: a commit is announced to members, and these are none.

use std::collections::HashMap;

use model::RoomNum;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::{Rooms, access::ReadableRoom};

/// The rooms into which somebody looks. As many as there are requests.
#[derive(Default)]
pub(crate) struct Peeks(Mutex<HashMap<RoomNum, watch::Sender<()>>>);

impl Peeks {
    /// Something came into a room; called by the committer when readers can see it.
    pub fn wake(&self, room: RoomNum) {
        if let Some(sender) = self.0.lock().get(&room) {
            sender.send_replace(());
        }
    }
}

/// A look into a room that waits. Begin it before reading, so that nothing falls between reading and waiting.
pub struct Peek {
    rooms: Rooms,
    room: RoomNum,
    news: watch::Receiver<()>,
}

impl Rooms {
    /// Begins to look into a room.
    #[must_use]
    pub fn peek(&self, room: &ReadableRoom) -> Peek {
        let room = room.room();
        let mut rooms = self.reading.peeks.0.lock();
        let news = rooms.entry(room).or_insert_with(|| watch::Sender::new(())).subscribe();
        Peek { rooms: self.clone(), room, news }
    }
}

impl Peek {
    /// Waits until something came into the room and readers can see it.
    pub async fn changed(&mut self) {
        // The sender lives as long as this.
        drop(self.news.changed().await);
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

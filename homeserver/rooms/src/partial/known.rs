//! The partial rooms in memory. A room is here from the commit that makes it partial until after the one that
//! makes it whole, so who does not find it here need not ask the store.

use std::collections::HashMap;
use std::sync::Arc;

use model::{EventNum, RoomNum, StreamPos};
use parking_lot::RwLock;
use ruma::OwnedServerName;
use store::{Reader, Scan, StoreError};
use tokio::sync::watch;

use super::tables::{COMPLETION, PARTIAL_ROOM, PartialRow};
use crate::limits::PAGE_ROWS;
use crate::{Rooms, RoomsError};

/// A room of which a part of the state is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartialRoom {
    /// The room.
    pub room: RoomNum,
    /// The membership event with which this server came in.
    pub join: EventNum,
    /// Who let this server in.
    pub helper: OwnedServerName,
    /// Servers that were in the room, as the helper said.
    pub servers: Vec<OwnedServerName>,
    /// The missing state has been fetched and is being put in.
    pub is_state_known: bool,
    /// The whole state was told with the join, and a part of it could not be proved then.
    pub is_all_told: bool,
}

impl PartialRoom {
    pub(crate) fn new(room: RoomNum, row: PartialRow) -> Self {
        let PartialRow { join, helper, servers, is_state_known, ends: _, is_all_told } = row;
        Self { room, join, helper, servers, is_state_known, is_all_told }
    }
}

/// The span of the stream in which the rest of a room's state came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Its first position.
    pub first: StreamPos,
    /// Its last position so far.
    pub last: StreamPos,
}

impl Completion {
    /// Whether a change at this position belongs to it.
    #[must_use]
    pub fn holds(&self, position: StreamPos) -> bool {
        self.first <= position && position <= self.last
    }
}

/// All partial rooms of this server.
pub(crate) struct PartialRooms {
    rooms: RwLock<HashMap<RoomNum, Arc<PartialRoom>>>,
    changes: watch::Sender<()>,
}

impl PartialRooms {
    pub fn new() -> Self {
        Self { rooms: RwLock::default(), changes: watch::Sender::new(()) }
    }

    pub fn insert(&self, room: PartialRoom) {
        self.rooms.write().insert(room.room, Arc::new(room));
    }

    /// Tells that a room was inserted, when readers see what it is.
    pub fn wake(&self) {
        self.changes.send_replace(());
    }

    pub fn remove(&self, room: RoomNum) {
        if self.rooms.write().remove(&room).is_some() {
            self.wake();
        }
    }

    fn get(&self, room: RoomNum) -> Option<Arc<PartialRoom>> {
        self.rooms.read().get(&room).cloned()
    }
}

impl Rooms {
    /// Reads which rooms are partial. Called once, before anything is served.
    ///
    /// # Errors
    /// The store's own.
    pub async fn load_partial_rooms(&self) -> Result<(), StoreError> {
        let mut last = None;
        loop {
            let mut scan = Scan::all().limit(PAGE_ROWS);
            if let Some(last) = &last {
                scan = scan.after(last);
            }
            let page = self.parts.store.scan(&PARTIAL_ROOM, scan).await?;
            let Some((end, _)) = page.last() else { return Ok(()) };
            last = Some(*end);
            for (room, row) in page {
                self.partial.insert(PartialRoom::new(room, row));
            }
        }
    }

    /// Whether memberships of a room are missing. Asks memory alone.
    #[must_use]
    pub fn is_partial(&self, room: RoomNum) -> bool {
        self.partial.rooms.read().contains_key(&room)
    }

    /// The same at the moment of a snapshot, which may be older than what memory knows.
    ///
    /// # Errors
    /// The store's own.
    pub async fn is_partial_at(&self, reader: &Reader, room: RoomNum) -> Result<bool, RoomsError> {
        Ok(self.is_partial(room) && reader.exists(&PARTIAL_ROOM, &room).await?)
    }

    /// What is known of a partial room.
    #[must_use]
    pub fn partial_room(&self, room: RoomNum) -> Option<Arc<PartialRoom>> {
        self.partial.get(room)
    }

    /// All partial rooms, in no order.
    #[must_use]
    pub fn partial_rooms(&self) -> Vec<Arc<PartialRoom>> {
        self.partial.rooms.read().values().cloned().collect()
    }

    /// Tells whenever a room became partial or whole.
    #[must_use]
    pub fn partial_rooms_changes(&self) -> watch::Receiver<()> {
        self.partial.changes.subscribe()
    }

    /// When the rest of a room's state came in, if the room was entered with a part of it. From memory after the first
    /// use.
    ///
    /// # Errors
    /// The store's own.
    pub async fn completion(&self, room: RoomNum) -> Result<Option<Completion>, RoomsError> {
        self.caches
            .completions
            .get_or_load(&room, async {
                let row = self.parts.store.get(&COMPLETION, &room).await?;
                Ok(row.map(|(first, last)| Completion { first, last }))
            })
            .await
    }
}

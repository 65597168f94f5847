//! Sticky events (MSC4354): events that every member is to get while they last, whatever else of the room is sent.
//!
//! Owns their rows: written by [`crate::append`] in the batch of the event, forgotten when their time is over. Which
//! rooms have any is kept in memory, so that asking about a room without costs a look-up. Never decides which answer
//! holds them: `sync` does.

use std::collections::{HashMap, HashSet};

use model::{EventNum, Pdu, RoomNum, StreamPos};
use parking_lot::RwLock;
use store::{Batch, Reader, Scan};
use tokio::sync::OnceCell;

use crate::{
    Rooms, RoomsError,
    access::Viewer,
    limits::{PAGE_ROWS, STICKY_EVENTS_MAX},
    tables::{STICKY, STICKY_BY_EXPIRY},
    visibility::{Judge, Shown, is_ignored},
};

/// Rooms with sticky events, and until when the last of them lasts, in ms.
#[derive(Default)]
pub(crate) struct StickyRooms {
    until_ms: RwLock<HashMap<RoomNum, u64>>,
    loaded: OnceCell<()>,
}

impl StickyRooms {
    fn note(&self, room: RoomNum, until_ms: u64) {
        let mut rooms = self.until_ms.write();
        let latest = rooms.entry(room).or_default();
        *latest = until_ms.max(*latest);
    }

    fn may_have(&self, room: RoomNum, now_ms: u64) -> bool {
        self.until_ms.read().get(&room).is_some_and(|until_ms| *until_ms > now_ms)
    }

    fn forget(&self, now_ms: u64) {
        self.until_ms.write().retain(|_, until_ms| *until_ms > now_ms);
    }
}

/// The rows of a sticky event, in the batch that puts it into the timeline.
pub(crate) fn add(
    batch: &mut Batch,
    rooms: &Rooms,
    (room, event): (RoomNum, EventNum),
    pdu: &Pdu,
    position: StreamPos,
) {
    let Some(duration_ms) = pdu.sticky_duration_ms() else { return };
    let now_ms = rooms.parts.clock.now_ms();
    // A sender's clock that is ahead does not make its events last longer.
    let until_ms = pdu.origin_server_ts().min(now_ms).saturating_add(duration_ms);
    if until_ms <= now_ms {
        return;
    }
    batch.put(&STICKY, &(room, position), &(event, until_ms));
    batch.put(&STICKY_BY_EXPIRY, &(until_ms, room, position), &());
    let rooms = rooms.clone();
    batch.on_commit(move |_| rooms.reading.sticky.note(room, until_ms));
}

impl Rooms {
    /// The events of a room that are still sticky and stand after `after` up to `up_to`, oldest first, at most
    /// [`STICKY_EVENTS_MAX`]. A member is shown them whatever the history visibility; senders whom they ignore are
    /// left out.
    ///
    /// # Errors
    /// The store's own, and damage.
    pub async fn sticky_events(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        room: RoomNum,
        after: StreamPos,
        up_to: StreamPos,
    ) -> Result<Vec<Shown>, RoomsError> {
        let now_ms = self.parts.clock.now_ms();
        if !self.may_have_sticky_events(room, now_ms).await? {
            return Ok(Vec::new());
        }
        let scan = Scan::prefix(&room).after(&(room, after)).up_to(&(room, up_to)).limit(STICKY_EVENTS_MAX);
        let rows = reader.scan(&STICKY, scan).await?;
        let ignored = self.ignored_by(viewer.user).await?;
        let mut judge = Judge::new(self, reader, viewer.user, room);
        let mut sticky = Vec::with_capacity(rows.len());
        for (_, (event, until_ms)) in rows {
            if until_ms <= now_ms {
                continue;
            }
            let shown = match judge.look(event).await {
                Ok(Some((shown, _))) => shown,
                // Purged since: its row goes when its time is over.
                Ok(None) | Err(RoomsError::Corrupt(_)) => continue,
                Err(error) => return Err(error),
            };
            // A redacted event has lost its stickiness.
            if shown.pdu.sticky_duration_ms().is_some() && !is_ignored(&ignored, &shown.pdu) {
                sticky.push(shown);
            }
        }
        Ok(sticky)
    }

    /// Events of local users in a room that are still sticky and stand up to `up_to`, with their positions, oldest first,
    /// at most [`STICKY_EVENTS_MAX`]: for servers that come into the room.
    ///
    /// # Errors
    /// The store's own.
    pub async fn own_sticky_events(
        &self,
        reader: &Reader,
        room: RoomNum,
        up_to: StreamPos,
    ) -> Result<Vec<(StreamPos, EventNum)>, RoomsError> {
        let now_ms = self.parts.clock.now_ms();
        if !self.may_have_sticky_events(room, now_ms).await? {
            return Ok(Vec::new());
        }
        let scan = Scan::prefix(&room).up_to(&(room, up_to)).limit(STICKY_EVENTS_MAX);
        let mut own = Vec::new();
        for ((_, position), (event, until_ms)) in reader.scan(&STICKY, scan).await? {
            if until_ms <= now_ms {
                continue;
            }
            let pdu = match self.pdu(reader, event).await {
                Ok(pdu) => pdu,
                // Purged since: its row goes when its time is over.
                Err(RoomsError::Corrupt(_)) => continue,
                Err(error) => return Err(error),
            };
            // A redacted event has lost its stickiness.
            if self.is_local(pdu.sender()) && pdu.sticky_duration_ms().is_some() {
                own.push((position, event));
            }
        }
        Ok(own)
    }

    /// Rooms of which some event may be sticky now.
    ///
    /// # Errors
    /// The store's own.
    pub async fn rooms_with_sticky_events(&self) -> Result<HashSet<RoomNum>, RoomsError> {
        let now_ms = self.parts.clock.now_ms();
        let known = &self.reading.sticky;
        known.loaded.get_or_try_init(|| self.load_sticky_rooms(now_ms)).await?;
        let rooms = known.until_ms.read();
        Ok(rooms.iter().filter(|(_, until_ms)| **until_ms > now_ms).map(|(room, _)| *room).collect())
    }

    async fn may_have_sticky_events(&self, room: RoomNum, now_ms: u64) -> Result<bool, RoomsError> {
        let known = &self.reading.sticky;
        known.loaded.get_or_try_init(|| self.load_sticky_rooms(now_ms)).await?;
        Ok(known.may_have(room, now_ms))
    }

    /// What was sticky before the start.
    async fn load_sticky_rooms(&self, now_ms: u64) -> Result<(), RoomsError> {
        let mut after = (now_ms, RoomNum::new(0), StreamPos::ZERO);
        loop {
            let scan = Scan::all().after(&after).limit(PAGE_ROWS);
            let page = self.parts.store.scan_keys(&STICKY_BY_EXPIRY, scan).await?;
            for (until_ms, room, _) in &page {
                self.reading.sticky.note(*room, *until_ms);
            }
            match page.last() {
                Some(last) if page.len() == PAGE_ROWS => after = *last,
                Some(_) | None => return Ok(()),
            }
        }
    }

    /// Forgets events whose time is over; how many. Call again while that is not 0.
    ///
    /// # Errors
    /// The store's own.
    pub async fn forget_sticky_events(&self) -> Result<usize, RoomsError> {
        let now_ms = self.parts.clock.now_ms();
        self.reading.sticky.forget(now_ms);
        let scan = Scan::all().until(&(now_ms, RoomNum::new(0), StreamPos::ZERO)).limit(PAGE_ROWS);
        let old = self.parts.store.scan_keys(&STICKY_BY_EXPIRY, scan).await?;
        if old.is_empty() {
            return Ok(0);
        }
        let mut batch = Batch::new();
        for key in &old {
            batch.delete(&STICKY, &(key.1, key.2));
            batch.delete(&STICKY_BY_EXPIRY, key);
        }
        self.parts.store.commit(batch).await?;
        Ok(old.len())
    }
}

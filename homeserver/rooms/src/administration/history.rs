//! Taking old messages away while the room goes on.
//!
//! State events stay, because later states stand on them; so does the newest event, because the next one
//! refers to it.

use std::ops::Bound;

use model::{RoomNum, TimelinePos};
use ruma::{EventId, RoomId, api::Direction};
use store::Batch;
use streams::Fact;

use super::PURGE_STEP_ROWS;
use crate::index::{self, Indexed};
use crate::read::TimelineRange;
use crate::tables::{HEAD, TIMELINE};
use crate::{Rooms, RoomsError};

/// Up to where the history of a room is purged, and how far that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryPurge {
    /// The room.
    pub room: RoomNum,
    /// Everything before this place goes.
    pub before: TimelinePos,
    /// Everything up to this place is done.
    pub done: Option<TimelinePos>,
}

impl Rooms {
    /// The purge of everything before an event of the room.
    ///
    /// # Errors
    /// The room or the event is unknown.
    pub async fn history_before_event(
        &self,
        room_id: &RoomId,
        event_id: &EventId,
    ) -> Result<HistoryPurge, RoomsError> {
        let store = &self.parts.store;
        let room = self.known_room(store, room_id).await?;
        let event = self.event_num(store, event_id).await?.ok_or(RoomsError::EventNotFound)?;
        let meta = self.meta(store, event).await?;
        let before = meta.position.filter(|_| meta.room == room).ok_or(RoomsError::EventNotFound)?;
        Ok(HistoryPurge { room, before, done: None })
    }

    /// The purge of everything before a time, as the senders' clocks said, in ms.
    ///
    /// # Errors
    /// The room is unknown.
    pub async fn history_before_time(
        &self,
        room_id: &RoomId,
        before_ms: u64,
    ) -> Result<HistoryPurge, RoomsError> {
        let store = &self.parts.store;
        let room = self.known_room(store, room_id).await?;
        // The first event in the order of the timeline that is young enough bounds the purge.
        let mut before = TimelinePos::MAX;
        let mut range = TimelineRange::all();
        loop {
            let page = self.timeline(store, room, range, Direction::Forward, PURGE_STEP_ROWS).await?;
            for (position, event) in &page {
                if self.meta(store, *event).await?.origin_server_ts >= before_ms {
                    before = *position;
                    return Ok(HistoryPurge { room, before, done: None });
                }
            }
            match page.last() {
                Some((last, _)) if page.len() == PURGE_STEP_ROWS => range = TimelineRange::after(*last),
                Some(_) | None => return Ok(HistoryPurge { room, before, done: None }),
            }
        }
    }

    /// One step of a purge: nothing when it is finished, otherwise how far it has come and how many
    /// events went.
    ///
    /// # Errors
    /// The store's own.
    pub async fn purge_history_step(
        &self,
        purge: HistoryPurge,
    ) -> Result<Option<(HistoryPurge, usize)>, RoomsError> {
        let store = &self.parts.store;
        let Some(head) = store.get(&HEAD, &purge.room).await? else { return Ok(None) };
        let range = TimelineRange {
            from: purge.done.map_or(Bound::Unbounded, Bound::Excluded),
            to: Bound::Excluded(purge.before),
        };
        let page = self.timeline(store, purge.room, range, Direction::Forward, PURGE_STEP_ROWS).await?;
        let Some((last, _)) = page.last().copied() else { return Ok(None) };
        let mut batch = Batch::new();
        let mut deleted = 0;
        for (position, event) in page {
            let pdu = self.pdu(store, event).await?;
            if pdu.is_state() || head.extremities.contains(&event) {
                continue;
            }
            batch.delete(&TIMELINE, &(purge.room, position));
            index::redact(&mut batch, &Indexed { room: purge.room, event, position, pdu: &pdu });
            self.delete_event(&mut batch, event).await?;
            let removed = batch.position();
            streams::record(&mut batch, removed, &Fact::Removed { room: purge.room, event });
            deleted += 1;
        }
        if !batch.is_empty() {
            let rooms = self.clone();
            batch.on_commit(move |_| rooms.caches.recent.invalidate(&purge.room));
            store.commit(batch).await?;
        }
        Ok(Some((HistoryPurge { done: Some(last), ..purge }, deleted)))
    }
}

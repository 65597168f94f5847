//! Answers to servers that look for events: one event, the state at one, what stands behind it, what came before.

use std::collections::{BTreeSet, BinaryHeap, HashSet};

use model::{EventNum, Pdu, TimelinePos};
use ruma::api::Direction;
use ruma::{EventId, OwnedEventId, ServerName};
use store::Scan;

use super::sight::{PeerJudge, PeerRoom};
use crate::limits::{EVENTS_WALKED_MAX, PEER_EVENTS_MAX, PEER_MISSING_EVENTS_MAX};
use crate::tables::TIMESTAMP;
use crate::{Rooms, RoomsError};

/// The state before an event and what stands behind it, by number.
#[derive(Clone, Debug, Default)]
pub struct PeerState {
    /// The state.
    pub state: Vec<EventNum>,
    /// The auth chain.
    pub auth_chain: Vec<EventNum>,
}

impl Rooms {
    /// One event, of whatever room the server may ask about.
    ///
    /// # Errors
    /// [`RoomsError::EventNotFound`] whatever the cause.
    pub async fn event_for_peer(&self, server: &ServerName, event_id: &EventId) -> Result<Pdu, RoomsError> {
        let store = &self.parts.store;
        let event = self.event_num(store, event_id).await?.ok_or(RoomsError::EventNotFound)?;
        let meta = self.meta(store, event).await?;
        let room_id = self.room_id(store, meta.room).await?;
        let room = match self.peer_room(&room_id, server).await {
            Ok(room) => room,
            Err(RoomsError::Forbidden(_) | RoomsError::RoomNotFound) => {
                return Err(RoomsError::EventNotFound);
            }
            Err(error) => return Err(error),
        };
        if meta.rejected {
            return Err(RoomsError::EventNotFound);
        }
        if meta.outlier {
            // Nothing says who could see it; what is in the auth graph is no secret among the servers of a room.
            let pdu = self.pdu(store, event).await?;
            return if pdu.is_state() { Ok(pdu) } else { Err(RoomsError::EventNotFound) };
        }
        PeerJudge::new(self, &room).show(event).await
    }

    /// The state before an event of the room.
    ///
    /// # Errors
    /// [`RoomsError::EventNotFound`] for an event that is unknown, of another room, or known without its past;
    /// `Forbidden` while members of the room are missing here.
    pub async fn state_for_peer(&self, room: &PeerRoom, event_id: &EventId) -> Result<PeerState, RoomsError> {
        if self.is_partial(room.room()) {
            return Err(RoomsError::forbidden("this server does not know the whole state of the room yet"));
        }
        let (_, meta) = self.event_of_peer_room(room, event_id).await?;
        let entries = self.state_at(&self.parts.store, meta.state_before).await?;
        let state: Vec<EventNum> = entries.iter().map(|(_, event)| *event).collect();
        let auth_chain = self.auth_chain(&state).await?;
        Ok(PeerState { state, auth_chain })
    }

    /// The ids of events, in the order asked for.
    ///
    /// # Errors
    /// The store's own.
    pub async fn event_ids(&self, events: &[EventNum]) -> Result<Vec<OwnedEventId>, RoomsError> {
        let pdus = self.pdus(&self.parts.store, events).await?;
        Ok(pdus.iter().map(|pdu| pdu.event_id().to_owned()).collect())
    }

    /// What stands behind an event of the room.
    ///
    /// # Errors
    /// As [`Rooms::state_for_peer`].
    pub async fn event_auth_for_peer(
        &self,
        room: &PeerRoom,
        event_id: &EventId,
    ) -> Result<Vec<Pdu>, RoomsError> {
        let store = &self.parts.store;
        let event = self.event_num(store, event_id).await?.ok_or(RoomsError::EventNotFound)?;
        if self.meta(store, event).await?.room != room.room() {
            return Err(RoomsError::EventNotFound);
        }
        let behind = self.auth_chain(&[event]).await?;
        self.pdus(store, &behind).await
    }

    /// Events before and with the given ones, the newest first; at most [`PEER_EVENTS_MAX`].
    ///
    /// # Errors
    /// The store's own. Unknown events and those of other rooms are as good as not asked for.
    pub async fn backfill_for_peer(
        &self,
        room: &PeerRoom,
        from: &[OwnedEventId],
        limit: usize,
    ) -> Result<Vec<Pdu>, RoomsError> {
        let mut walk = Walk::new(self, room);
        walk.open_all(from, TimelinePos::MAX).await?;
        let found = walk.collect(limit.min(PEER_EVENTS_MAX), &HashSet::new(), 0).await?;
        self.shown_to_peer(room, &found).await
    }

    /// Events between what the server has and what it was sent, the oldest first; at most
    /// [`PEER_MISSING_EVENTS_MAX`], the nearest to `latest`.
    ///
    /// # Errors
    /// The store's own.
    pub async fn missing_for_peer(
        &self,
        room: &PeerRoom,
        earliest: &[OwnedEventId],
        latest: &[OwnedEventId],
        limit: usize,
        min_depth: u64,
    ) -> Result<Vec<Pdu>, RoomsError> {
        let store = &self.parts.store;
        let mut walk = Walk::new(self, room);
        for event_id in latest.iter().take(PEER_MISSING_EVENTS_MAX) {
            if let Ok((event, _)) = self.event_of_peer_room(room, event_id).await {
                walk.open_all(self.pdu(store, event).await?.prev_events(), TimelinePos::MAX).await?;
            }
        }
        let known: HashSet<OwnedEventId> = earliest.iter().chain(latest).cloned().collect();
        let mut found = walk.collect(limit.min(PEER_MISSING_EVENTS_MAX), &known, min_depth).await?;
        found.reverse();
        self.shown_to_peer(room, &found).await
    }

    /// The event next to a point in time, for a server that looks for it.
    ///
    /// # Errors
    /// [`RoomsError::EventNotFound`] when there is none.
    pub async fn event_near_for_peer(
        &self,
        room: &PeerRoom,
        time_ms: u64,
        direction: Direction,
    ) -> Result<Pdu, RoomsError> {
        let num = room.room();
        let scan = Scan::prefix(&num).limit(1);
        let scan = match direction {
            Direction::Forward => scan.after(&(num, time_ms, TimelinePos::MIN)),
            Direction::Backward => scan.until(&(num, time_ms, TimelinePos::MAX)).reverse(),
        };
        let rows = self.parts.store.scan(&TIMESTAMP, scan).await?;
        let (_, event) = rows.first().ok_or(RoomsError::EventNotFound)?;
        self.pdu(&self.parts.store, *event).await
    }

    async fn shown_to_peer(&self, room: &PeerRoom, events: &[EventNum]) -> Result<Vec<Pdu>, RoomsError> {
        let mut judge = PeerJudge::new(self, room);
        let mut shown = Vec::with_capacity(events.len());
        for event in events {
            shown.push(judge.show(*event).await?);
        }
        Ok(shown)
    }
}

/// Going back in the graph of a room, the newest event first as this server has them in its timeline: depth is only
/// what senders claim.
struct Walk<'a> {
    rooms: &'a Rooms,
    room: &'a PeerRoom,
    open: BinaryHeap<(TimelinePos, u64, EventNum)>,
    seen: BTreeSet<EventNum>,
}

impl<'a> Walk<'a> {
    fn new(rooms: &'a Rooms, room: &'a PeerRoom) -> Self {
        Self { rooms, room, open: BinaryHeap::new(), seen: BTreeSet::new() }
    }

    /// `before`: the place of the event that named these. One without a place of its own counts as standing there.
    async fn open_all(&mut self, event_ids: &[OwnedEventId], before: TimelinePos) -> Result<(), RoomsError> {
        let store = &self.rooms.parts.store;
        for event_id in event_ids.iter().take(PEER_EVENTS_MAX) {
            let Some(event) = self.rooms.event_num(store, event_id).await? else { continue };
            let meta = self.rooms.meta(store, event).await?;
            if meta.room == self.room.room() && !meta.outlier && self.seen.insert(event) {
                self.open.push((meta.position.unwrap_or(before).min(before), meta.depth, event));
            }
        }
        Ok(())
    }

    /// At most `limit` events that are not in `known`; what lies behind those is not looked at.
    async fn collect(
        &mut self,
        limit: usize,
        known: &HashSet<OwnedEventId>,
        min_depth: u64,
    ) -> Result<Vec<EventNum>, RoomsError> {
        let mut found = Vec::new();
        let mut walked = 0;
        while let Some((place, depth, event)) = self.open.pop() {
            walked += 1;
            if found.len() >= limit || walked > EVENTS_WALKED_MAX {
                break;
            }
            let pdu = self.rooms.pdu(&self.rooms.parts.store, event).await?;
            if depth < min_depth || known.contains(pdu.event_id()) {
                continue;
            }
            // Also what was refused here: whoever looks for it has an event that refers to it, and judges it anew.
            found.push(event);
            self.open_all(pdu.prev_events(), place).await?;
        }
        Ok(found)
    }
}

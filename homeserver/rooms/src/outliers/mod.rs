//! Events that are known without the state around them, and rooms that are known from outside.
//!
//! An outlier stands behind other events (their authority), or was named as a parent whose own past this server
//! does not have. It is judged by what it names as its authority alone, has a place in the auth graph, and is never
//! shown, never an extremity, never by itself in any state. When the event comes again with its past,
//! [`crate::append`] judges it anew and gives it its place. A room known from outside has an id, a number and a
//! version, outliers and memberships of local users, and no head: nothing can be appended to it.

mod keeping;

use std::collections::{HashSet, VecDeque};

use model::{EventNum, RoomNum, RoomVersion};
use rules::auth::Judged;
use ruma::{EventId, OwnedEventId, RoomId};
use store::Batch;

use keeping::Keeping;

use crate::limits::{APPEND_ATTEMPTS_MAX, GAP_MISSING_MAX, OUTLIERS_PER_BATCH_MAX, REFUSED_PASSED_MAX};
use crate::tables::{HEAD, ROOM, ROOM_NUM, RoomRecord};
use crate::{Rooms, RoomsError};

/// What is known of an event by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its number.
    pub event: EventNum,
    /// Known without the state around it.
    pub outlier: bool,
    /// Refused by the auth rules.
    pub rejected: bool,
    /// Has a place in the timeline.
    pub in_timeline: bool,
    /// Known with the state around it and allowed, without a place in the timeline yet: history that was kept.
    pub waits: bool,
}

impl Standing {
    /// Whether nothing new can become of the event when it comes once more.
    #[must_use]
    pub fn is_settled(self) -> bool {
        !self.outlier && !self.waits
    }
}

impl Rooms {
    /// What is known of an event of a room; an event of another room is as good as unknown.
    ///
    /// # Errors
    /// The store's own.
    pub async fn standing(&self, room: RoomNum, event_id: &EventId) -> Result<Option<Standing>, RoomsError> {
        let store = &self.parts.store;
        let Some(event) = self.event_num(store, event_id).await? else { return Ok(None) };
        let meta = self.meta(store, event).await?;
        Ok((meta.room == room).then_some(Standing {
            event,
            outlier: meta.outlier,
            rejected: meta.rejected,
            in_timeline: meta.position.is_some(),
            waits: meta.waits_for_a_place(),
        }))
    }

    /// Whether an event has its place in the auth graph, or needs none. An invite that came before this server was in
    /// the room has none.
    pub(crate) async fn is_placed(&self, standing: Standing) -> Result<bool, RoomsError> {
        let store = &self.parts.store;
        Ok(!standing.outlier
            || self.meta(store, standing.event).await?.chain != 0
            || !self.pdu(store, standing.event).await?.is_state())
    }

    /// Those of the ids that this server does not know as events of the room, or not what stands behind them, each
    /// once.
    ///
    /// # Errors
    /// The store's own.
    pub async fn unknown_events(
        &self,
        room: RoomNum,
        event_ids: &[OwnedEventId],
    ) -> Result<Vec<OwnedEventId>, RoomsError> {
        let mut unknown: Vec<OwnedEventId> = Vec::new();
        let mut seen: HashSet<&EventId> = HashSet::with_capacity(event_ids.len());
        for event_id in event_ids {
            if !seen.insert(event_id) {
                continue;
            }
            let is_known = match self.standing(room, event_id).await? {
                Some(standing) => self.is_placed(standing).await?,
                None => false,
            };
            if !is_known {
                unknown.push(event_id.clone());
            }
        }
        Ok(unknown)
    }

    /// Those of the events that are unknown, or known without the state around them.
    ///
    /// # Errors
    /// The store's own.
    pub async fn without_past(
        &self,
        room: RoomNum,
        event_ids: &[OwnedEventId],
    ) -> Result<Vec<OwnedEventId>, RoomsError> {
        let mut missing = Vec::new();
        for event_id in event_ids {
            if self.standing(room, event_id).await?.is_none_or(|standing| standing.outlier) {
                missing.push(event_id.clone());
            }
        }
        Ok(missing)
    }

    /// What a timeline lacks before an event with these parents, each once: parents that are unknown, known without the
    /// state around them, or waiting for their place. A parent that was refused has no place, so what it was built on
    /// counts in its stead; one behind more than [`REFUSED_PASSED_MAX`] others is named itself.
    ///
    /// # Errors
    /// The store's own.
    pub(crate) async fn without_place(
        &self,
        room: RoomNum,
        event_ids: &[OwnedEventId],
    ) -> Result<Vec<OwnedEventId>, RoomsError> {
        let mut open: VecDeque<OwnedEventId> = event_ids.iter().cloned().collect();
        let mut seen: HashSet<OwnedEventId> = HashSet::with_capacity(event_ids.len());
        let (mut missing, mut passed) = (Vec::new(), 0);
        while let Some(event_id) = open.pop_front() {
            if !seen.insert(event_id.clone()) {
                continue;
            }
            match self.standing(room, &event_id).await? {
                Some(standing) if standing.in_timeline => {}
                Some(standing) if standing.is_settled() && passed < REFUSED_PASSED_MAX => {
                    passed += 1;
                    let pdu = self.pdu(&self.parts.store, standing.event).await?;
                    open.extend(pdu.prev_events().iter().cloned());
                }
                Some(_) | None => missing.push(event_id),
            }
        }
        missing.truncate(GAP_MISSING_MAX);
        Ok(missing)
    }

    /// The number of a room, which becomes known from outside if it was not known. A room without a head takes
    /// the version over that is said now: what an invite said of it binds nobody.
    ///
    /// # Errors
    /// The store's own; [`RoomsError::PeerNotBelieved`] when the room has another version here.
    pub async fn room_from_outside(
        &self,
        room_id: &RoomId,
        version: &RoomVersion,
    ) -> Result<RoomNum, RoomsError> {
        let store = &self.parts.store;
        for _ in 0..APPEND_ATTEMPTS_MAX {
            let record = RoomRecord { room_id: room_id.to_owned(), version: version.id().to_string() };
            let mut batch = Batch::new();
            let room = match self.room_num(store, room_id).await? {
                Some(room) => {
                    if self.room_info(store, room).await?.version == version {
                        return Ok(room);
                    }
                    if store.exists(&HEAD, &room).await? {
                        return Err(RoomsError::PeerNotBelieved("the room has another version".to_owned()));
                    }
                    batch.expect_absent(&HEAD, &room);
                    room
                }
                None => {
                    let room = self.parts.numbers.room_num().await?;
                    batch.expect_absent(&ROOM_NUM, &room_id.to_owned());
                    batch.put(&ROOM_NUM, &room_id.to_owned(), &room);
                    room
                }
            };
            batch.put(&ROOM, &room, &record);
            let rooms = self.clone();
            batch.on_commit(move |_| rooms.caches.rooms.invalidate(&room));
            if store.try_commit(batch).await?.is_some() {
                return Ok(room);
            }
        }
        Err(RoomsError::Contended)
    }

    /// Keeps events as outliers, those that are known already as they are. What an event names as its authority must
    /// be known or come before it in the list. Some may be kept when it fails; repeat it then.
    ///
    /// # Errors
    /// [`RoomsError::EventNotFound`] when an event names an unknown one, and the store's own.
    pub async fn keep_outliers(&self, room: RoomNum, events: &[Judged]) -> Result<(), RoomsError> {
        for page in events.chunks(OUTLIERS_PER_BATCH_MAX) {
            self.keep_page(room, page, true).await?;
        }
        Ok(())
    }

    /// Keeps an event whose authority is not known here, without a place in the auth graph; it gets one with
    /// [`Rooms::keep_outliers`] or when it comes with its past.
    pub(crate) async fn keep_apart(&self, room: RoomNum, event: &Judged) -> Result<(), RoomsError> {
        self.keep_page(room, std::slice::from_ref(event), false).await
    }

    async fn keep_page(&self, room: RoomNum, page: &[Judged], in_auth_graph: bool) -> Result<(), RoomsError> {
        for _ in 0..APPEND_ATTEMPTS_MAX {
            let mut keeping = Keeping::new(self, room, in_auth_graph);
            for event in page {
                keeping.keep(event).await?;
            }
            let Some(batch) = keeping.finish() else { return Ok(()) };
            if self.parts.store.try_commit(batch).await?.is_some() {
                return Ok(());
            }
        }
        Err(RoomsError::Contended)
    }
}

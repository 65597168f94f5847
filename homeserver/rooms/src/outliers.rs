//! Events that are known without the state around them, and rooms that are known from outside.
//!
//! An outlier stands behind other events (their authority), or was named as a parent whose own past this server
//! does not have. It is judged by what it names as its authority alone, has a place in the auth graph, and is never
//! shown, never an extremity, never by itself in any state. When the event comes again with its past,
//! [`crate::append`] judges it anew and gives it its place. A room known from outside has an id, a number and a
//! version, outliers and memberships of local users, and no head: nothing can be appended to it.

use std::collections::{HashMap, HashSet};

use model::{EventNum, RoomNum, RoomVersion};
use rules::auth::Judged;
use ruma::{EventId, OwnedEventId, RoomId};
use store::{Batch, StoreError};

use crate::append::{Effects, NewRow};
use crate::limits::{APPEND_ATTEMPTS_MAX, OUTLIERS_PER_BATCH_MAX};
use crate::read::{EventMeta, StateKey};
use crate::resolution::ChainBatch;
use crate::stored::StoredEvent;
use crate::tables::{
    EVENT, EVENT_META, EVENT_NUM, HEAD, ROOM, ROOM_NUM, RoomRecord, STATE_KEY, STATE_KEY_NUM,
};
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
        }))
    }

    /// Those of the ids that this server does not know as events of the room, each once.
    ///
    /// # Errors
    /// The store's own.
    pub async fn unknown_events(
        &self,
        room: RoomNum,
        event_ids: &[OwnedEventId],
    ) -> Result<Vec<OwnedEventId>, RoomsError> {
        let mut unknown: Vec<OwnedEventId> = Vec::new();
        for event_id in event_ids {
            if self.standing(room, event_id).await?.is_none() && !unknown.contains(event_id) {
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
            match store.commit(batch).await {
                Ok(_) => return Ok(room),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
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
            match self.parts.store.commit(batch).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(RoomsError::Contended)
    }
}

/// A batch of outliers under construction.
struct Keeping<'a> {
    rooms: &'a Rooms,
    room: RoomNum,
    batch: Batch,
    chains: ChainBatch,
    effects: Effects,
    nums: HashMap<OwnedEventId, EventNum>,
    keys: HashSet<StateKey>,
    in_auth_graph: bool,
}

impl<'a> Keeping<'a> {
    fn new(rooms: &'a Rooms, room: RoomNum, in_auth_graph: bool) -> Self {
        Self {
            rooms,
            room,
            batch: Batch::new(),
            chains: ChainBatch::new(),
            effects: Effects::new(room),
            nums: HashMap::new(),
            keys: HashSet::new(),
            in_auth_graph,
        }
    }

    async fn keep(&mut self, event: &Judged) -> Result<(), RoomsError> {
        let (rooms, pdu) = (self.rooms, event.pdu());
        let store = &rooms.parts.store;
        let event_id = pdu.event_id().to_owned();
        if self.nums.contains_key(&event_id) {
            return Ok(());
        }
        if let Some(num) = rooms.event_num(store, &event_id).await? {
            return self.place(num).await;
        }
        let num = rooms.parts.numbers.event_num().await?;
        let mut meta = EventMeta {
            room: self.room,
            position: None,
            state_before: model::StateNum::new(0),
            state_after: model::StateNum::new(0),
            depth: pdu.depth(),
            chain: 0,
            sequence: 0,
            rejected: event.is_rejected(),
            soft_failed: false,
            outlier: true,
            redacted_by: None,
            origin_server_ts: pdu.origin_server_ts(),
            sender_txn: None,
            delay_id: None,
        };
        if let Some(state_key) = pdu.state_key()
            && self.in_auth_graph
        {
            let auth = self.authority_of(pdu.auth_events()).await?;
            (meta.chain, meta.sequence) =
                self.chains.assign(store, &mut self.batch, self.room, num, &auth).await?;
            self.make_key((pdu.kind().to_owned(), state_key.to_owned())).await?;
        }
        self.batch.expect_absent(&EVENT_NUM, &event_id);
        self.batch.put(&EVENT_NUM, &event_id, &num);
        self.batch.put(&EVENT, &num, &StoredEvent { event_id: event_id.clone(), json: pdu.json().clone() });
        self.batch.put(&EVENT_META, &num, &meta.to_row());
        self.nums.insert(event_id.clone(), num);
        self.effects.event(NewRow { event: num, event_id, pdu: pdu.clone(), meta });
        Ok(())
    }

    /// Gives an event its place in the auth graph that was kept apart.
    async fn place(&mut self, num: EventNum) -> Result<(), RoomsError> {
        let store = &self.rooms.parts.store;
        let meta = self.rooms.meta(store, num).await?;
        if !self.in_auth_graph || !meta.outlier || meta.chain != 0 || meta.room != self.room {
            return Ok(());
        }
        let pdu = self.rooms.pdu(store, num).await?;
        let Some(state_key) = pdu.state_key() else { return Ok(()) };
        let auth = self.authority_of(pdu.auth_events()).await?;
        let mut meta = (*meta).clone();
        (meta.chain, meta.sequence) =
            self.chains.assign(store, &mut self.batch, self.room, num, &auth).await?;
        self.make_key((pdu.kind().to_owned(), state_key.to_owned())).await?;
        self.batch.put(&EVENT_META, &num, &meta.to_row());
        let event_id = pdu.event_id().to_owned();
        self.nums.insert(event_id.clone(), num);
        self.effects.event(NewRow { event: num, event_id, pdu, meta });
        Ok(())
    }

    /// Numbers of the events that stand behind one: those of this batch and those of the store.
    async fn authority_of(&self, event_ids: &[OwnedEventId]) -> Result<Vec<EventNum>, RoomsError> {
        let mut auth = Vec::with_capacity(event_ids.len());
        for event_id in event_ids {
            let known = match self.nums.get(event_id) {
                Some(event) => Some(*event),
                None => self.rooms.standing(self.room, event_id).await?.map(|standing| standing.event),
            };
            auth.push(known.ok_or(RoomsError::EventNotFound)?);
        }
        Ok(auth)
    }

    async fn make_key(&mut self, key: StateKey) -> Result<(), RoomsError> {
        let rooms = self.rooms;
        if self.keys.contains(&key)
            || rooms.state_key_num(&rooms.parts.store, &key.0, &key.1).await?.is_some()
        {
            return Ok(());
        }
        let num = rooms.parts.numbers.state_key_num().await?;
        self.batch.expect_absent(&STATE_KEY_NUM, &key);
        self.batch.put(&STATE_KEY_NUM, &key, &num);
        self.batch.put(&STATE_KEY, &num, &key);
        self.effects.new_state_key(key.clone(), num);
        self.keys.insert(key);
        Ok(())
    }

    fn finish(mut self) -> Option<Batch> {
        if self.nums.is_empty() {
            return None;
        }
        self.effects.after_commit(self.rooms, &mut self.batch);
        Some(self.batch)
    }
}

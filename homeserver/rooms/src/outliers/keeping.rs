//! A batch of outliers under construction.

use std::collections::{HashMap, HashSet};

use model::{EventNum, RoomNum};
use rules::auth::Judged;
use ruma::OwnedEventId;
use store::Batch;

use crate::append::{Effects, NewRow};
use crate::read::{EventMeta, StateKey};
use crate::resolution::ChainBatch;
use crate::stored::StoredEvent;
use crate::tables::{EVENT, EVENT_META, EVENT_NUM, STATE_KEY, STATE_KEY_NUM};
use crate::{Rooms, RoomsError};

/// A batch of outliers under construction.
pub(super) struct Keeping<'a> {
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
    pub fn new(rooms: &'a Rooms, room: RoomNum, in_auth_graph: bool) -> Self {
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

    pub async fn keep(&mut self, event: &Judged) -> Result<(), RoomsError> {
        let (rooms, pdu) = (self.rooms, event.pdu());
        let store = &rooms.parts.store;
        let event_id = pdu.event_id().to_owned();
        if self.nums.contains_key(&event_id) {
            return Ok(());
        }
        if let Some(num) = rooms.event_num(store, &event_id).await? {
            return self.place(num, event.is_rejected()).await;
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
    async fn place(&mut self, num: EventNum, is_rejected: bool) -> Result<(), RoomsError> {
        let store = &self.rooms.parts.store;
        let meta = self.rooms.meta(store, num).await?;
        if !self.in_auth_graph || !meta.outlier || meta.chain != 0 || meta.room != self.room {
            return Ok(());
        }
        let pdu = self.rooms.pdu(store, num).await?;
        let Some(state_key) = pdu.state_key() else { return Ok(()) };
        let auth = self.authority_of(pdu.auth_events()).await?;
        let mut meta = (*meta).clone();
        // What stands behind it was not known when it came.
        meta.rejected |= is_rejected;
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

    pub fn finish(mut self) -> Option<Batch> {
        if self.nums.is_empty() {
            return None;
        }
        self.effects.after_commit(self.rooms, &mut self.batch);
        Some(self.batch)
    }
}

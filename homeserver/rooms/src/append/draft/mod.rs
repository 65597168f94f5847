//! A batch under construction: events are pushed one after another, each on top of the one before.
//!
//! A draft sees what it has pushed itself, so a whole room can be created in one batch. It never
//! commits: the caller queues the finished batch while it holds the room lock. Beside this file:
//! [`state`] what entries of the state change, [`members`] what memberships change, [`rows`] what
//! every event leaves behind.

mod finished;
mod many_ends;
mod members;
mod rows;
mod servers;
mod state;

use std::collections::HashMap;
use std::sync::Arc;

use model::{EventNum, Pdu, RoomNum, RoomVersion, StateKeyNum, StateNum, StreamPos, TimelinePos};
use ruma::{OwnedEventId, OwnedRoomId, OwnedServerName, OwnedUserId};
use store::{Audience, Batch};

use finished::{Finished, Pushed};

use super::effects::Effects;
use super::{NewEvent, Tip, Writer, auth};
use crate::member::Member;
use crate::read::{EventMeta, LocalMembers, MemberCounts, RoomInfo, StateKey};
use crate::resolution::ChainBatch;
use crate::tables::{HEAD, MEMBER_COUNT, RoomHead};
use crate::{Rooms, RoomsError};

/// The state of a room before its first event.
pub(crate) const EMPTY_STATE: StateNum = StateNum::new(0);

/// A batch under construction.
pub(crate) struct Draft {
    pub(in crate::append) rooms: Rooms,
    pub(in crate::append) room: RoomNum,
    pub(in crate::append) info: Arc<RoomInfo>,
    pub(in crate::append) batch: Batch,
    /// The head that must be in the store; none for a new room.
    expected: Option<RoomHead>,
    pub(in crate::append) tip: Tip,
    /// State that this draft has set.
    overlay: HashMap<StateKey, Option<(EventNum, Pdu)>>,
    new_keys: HashMap<StateKey, StateKeyNum>,
    members: HashMap<OwnedUserId, Member>,
    counts: Option<MemberCounts>,
    /// Joined members of other servers, as this draft leaves them.
    servers: HashMap<OwnedServerName, u64>,
    chains: ChainBatch,
    pub(in crate::append) effects: Effects,
    /// Who hears of it beside the members before: targets of membership events.
    targets: Vec<OwnedUserId>,
    pushed: Vec<(OwnedEventId, EventNum, StreamPos)>,
    changes_state: bool,
    /// Memberships of the room are missing.
    pub(in crate::append) is_partial: bool,
    /// Events that this draft judged anew.
    pub(in crate::append) rechecked: HashMap<EventNum, EventMeta>,
}

impl Draft {
    /// A draft on the head of a room that exists.
    pub async fn open(rooms: &Rooms, room: RoomNum, writer: &mut Writer) -> Result<Self, RoomsError> {
        let store = &rooms.parts.store;
        let info = rooms.room_info(store, room).await?;
        let tip = match writer.tip() {
            Some(tip) => tip.clone(),
            None => {
                // Without a head this server knows the room from outside only.
                let head = store.get(&HEAD, &room).await?.ok_or(RoomsError::RoomNotFound)?;
                let (mut extremities, mut own) = (Vec::with_capacity(head.extremities.len()), None);
                for event in head.extremities {
                    let pdu = rooms.pdu(store, event).await?;
                    own = rooms.is_local(pdu.sender()).then_some(event).or(own);
                    extremities.push((event, pdu.event_id().to_owned()));
                }
                let tip = Tip { extremities, own, state: head.state, depth: head.depth };
                writer.load(tip.clone());
                tip
            }
        };
        Ok(Self::new(rooms, room, info, Some(tip.to_head()), tip))
    }

    /// A draft of a room that does not exist yet.
    pub fn of_new_room(rooms: &Rooms, room: RoomNum, info: RoomInfo) -> Self {
        let tip = Tip { extremities: Vec::new(), own: None, state: EMPTY_STATE, depth: 0 };
        Self::new(rooms, room, Arc::new(info), None, tip)
    }

    fn new(rooms: &Rooms, room: RoomNum, info: Arc<RoomInfo>, expected: Option<RoomHead>, tip: Tip) -> Self {
        Self {
            rooms: rooms.clone(),
            room,
            info,
            batch: Batch::new(),
            expected,
            tip,
            overlay: HashMap::new(),
            new_keys: HashMap::new(),
            members: HashMap::new(),
            counts: None,
            servers: HashMap::new(),
            chains: ChainBatch::new(),
            effects: Effects::new(room),
            targets: Vec::new(),
            pushed: Vec::new(),
            changes_state: false,
            is_partial: rooms.is_partial(room),
            rechecked: HashMap::new(),
        }
    }

    /// The rules of the room.
    pub fn version(&self) -> &'static RoomVersion {
        self.info.version
    }

    /// The batch, for rows that belong to the same act (an alias, a directory entry).
    pub fn batch_mut(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Builds an event of a local user on the tip, checks it against the state and takes it in.
    pub async fn push(&mut self, new: NewEvent) -> Result<(EventNum, Pdu), RoomsError> {
        let some_ends = self.state_of_some_ends().await?;
        let authority = auth::authority(self, &new, some_ends).await?;
        let pdu = auth::build(self, &new, &authority).await?;
        self.take_built(&new, pdu, &authority, some_ends).await
    }

    /// Takes in an event that was built on this very tip before, as [`Draft::push`] does.
    pub async fn push_built(&mut self, new: &NewEvent, pdu: Pdu) -> Result<(EventNum, Pdu), RoomsError> {
        let some_ends = self.state_of_some_ends().await?;
        let authority = auth::authority(self, new, some_ends).await?;
        self.take_built(new, pdu, &authority, some_ends).await
    }

    /// Whether an event would be built on the same parents now.
    pub fn is_on_tip(&self, pdu: &Pdu) -> bool {
        auth::parents(&self.tip) == pdu.prev_events()
    }

    async fn take_built(
        &mut self,
        new: &NewEvent,
        pdu: Pdu,
        authority: &auth::Authority,
        some_ends: Option<StateNum>,
    ) -> Result<(EventNum, Pdu), RoomsError> {
        authority.check(self.version(), &pdu)?;
        if let Some(state_before) = some_ends {
            return self.take_on_some_ends(new, pdu, authority, state_before).await;
        }
        if self.is_new_room() && pdu.kind() == "m.room.create" {
            // From version 12 the create event names the room.
            let room_id = pdu.room_id().to_owned();
            self.info = Arc::new(RoomInfo { room_id, version: self.info.version });
        }
        let event = self.rooms.parts.numbers.event_num().await?;
        let position = self.batch.position();
        let state_before = self.tip.state;
        let mut meta = EventMeta {
            room: self.room,
            position: Some(TimelinePos::from(position)),
            state_before,
            state_after: state_before,
            depth: pdu.depth(),
            chain: 0,
            sequence: 0,
            rejected: false,
            soft_failed: false,
            outlier: false,
            redacted_by: None,
            origin_server_ts: pdu.origin_server_ts(),
            sender_txn: None,
            delay_id: None,
        };
        self.note_request(new, event, &mut meta);
        if let Some(state_key) = pdu.state_key() {
            let auth_nums: Vec<EventNum> = authority.events().map(|(event, _)| *event).collect();
            (meta.chain, meta.sequence) = self.assign_chain(event, &auth_nums).await?;
            let key = self.state_key_num(pdu.kind(), state_key).await?;
            meta.state_after = self.extend_state(state_before, &[(key, Some(event))]).await?;
            self.set_state(key, pdu.kind(), state_key, Some((event, pdu.clone())), position).await?;
        }
        if let Some(redacts) = pdu.redacts(self.version()).map(ToOwned::to_owned) {
            self.apply_redaction(event, &pdu, &redacts).await?;
        }
        self.put_event(event, &pdu, &meta);
        self.put_in_timeline(event, &pdu, position);
        self.note_partial(event, &[], false);
        self.tip.state = meta.state_after;
        self.tip.depth = pdu.depth();
        self.tip.extremities = vec![(event, pdu.event_id().to_owned())];
        self.tip.own = Some(event);
        self.pushed.push((pdu.event_id().to_owned(), event, position));
        Ok((event, pdu))
    }

    /// Notes which request made the event, so that its repetition finds it and its device knows it.
    pub(in crate::append) fn note_request(&mut self, new: &NewEvent, event: EventNum, meta: &mut EventMeta) {
        meta.sender_txn = new.transaction.as_ref().map(super::TransactionKey::mark);
        meta.delay_id.clone_from(&new.delay_id);
        if let Some(transaction) = &new.transaction {
            transaction.record(&mut self.batch, &new.sender, event, self.rooms.parts.clock.now_ms());
        }
    }

    /// Builds an event on the tip and checks it against the state, and takes nothing in.
    pub async fn build_unsent(&mut self, new: &NewEvent) -> Result<Pdu, RoomsError> {
        let some_ends = self.state_of_some_ends().await?;
        let authority = auth::authority(self, new, some_ends).await?;
        let pdu = auth::build(self, new, &authority).await?;
        authority.check(self.version(), &pdu)?;
        Ok(pdu)
    }

    /// An event that was put in otherwise than by [`Draft::push`].
    pub(in crate::append) fn note_pushed(
        &mut self,
        event_id: OwnedEventId,
        event: EventNum,
        position: StreamPos,
    ) {
        self.pushed.push((event_id, event, position));
    }

    pub(in crate::append) async fn assign_chain(
        &mut self,
        event: EventNum,
        auth: &[EventNum],
    ) -> Result<(u64, u64), RoomsError> {
        let rooms = self.rooms.clone();
        self.chains.assign(&rooms.parts.store, &mut self.batch, self.room, event, auth).await
    }

    /// Places in the auth graph that this draft has given out.
    pub(in crate::append) fn chains(&self) -> &ChainBatch {
        &self.chains
    }

    /// Demands the old head, leaves the new one, and says who hears of it.
    pub async fn finish(mut self) -> Result<Finished, RoomsError> {
        match &self.expected {
            Some(head) => self.batch.expect_eq(&HEAD, &self.room, head),
            None => self.batch.expect_absent(&HEAD, &self.room),
        };
        self.batch.put(&HEAD, &self.room, &self.tip.to_head());
        if let Some(counts) = self.counts {
            self.batch.put(&MEMBER_COUNT, &self.room, &(counts.joined, counts.invited));
        }
        self.put_servers();
        let before = match &self.expected {
            Some(_) => self.rooms.local_members(self.room).await?,
            None => LocalMembers::default(),
        };
        before.announce(&mut self.batch);
        for user in std::mem::take(&mut self.targets) {
            self.batch.announce(Audience::User(user));
        }
        let effects = std::mem::replace(&mut self.effects, Effects::new(self.room));
        effects.after_commit(&self.rooms, &mut self.batch);
        Ok(Finished {
            batch: self.batch,
            tip: self.tip,
            changes_state: self.changes_state,
            events: Pushed(self.pushed),
        })
    }

    /// The room's id.
    pub fn room_id(&self) -> &OwnedRoomId {
        &self.info.room_id
    }

    pub(in crate::append) fn is_new_room(&self) -> bool {
        self.expected.is_none()
    }
}

//! A batch under construction: events are pushed one after another, each on top of the one before.
//!
//! A draft sees what it has pushed itself, so a whole room can be created in one batch. It never
//! commits: the caller queues the finished batch while it holds the room lock.

use std::collections::HashMap;
use std::sync::Arc;

use model::{EventNum, Pdu, RoomNum, RoomVersion, StateKeyNum, StateNum, StreamPos, TimelinePos};
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId, UserId};
use store::{Audience, Batch, Commit};
use streams::Fact;

use super::effects::{Effects, NewRow};
use super::{Appended, NewEvent, Tip, Writer, auth};
use crate::index::{self, Indexed};
use crate::member::{Member, Membership, MembershipChange};
use crate::read::{EventMeta, LocalMembers, MemberCounts, NO_EVENT, RoomInfo, StateKey};
use crate::resolution::ChainBatch;
use crate::stored::StoredEvent;
use crate::tables::{
    CURRENT_STATE, EVENT, EVENT_META, EVENT_NUM, HEAD, MEMBER, MEMBER_COUNT, MEMBERSHIP_CHANGE, ROOM_OF_USER,
    RoomHead, STATE_CHANGE, STATE_KEY, STATE_KEY_NUM, STRIPPED, StrippedState, TIMELINE, TIMESTAMP,
};
use crate::{Rooms, RoomsError};

/// The state of a room before its first event.
pub(crate) const EMPTY_STATE: StateNum = StateNum::new(0);

/// A batch under construction.
pub(crate) struct Draft {
    pub(super) rooms: Rooms,
    pub(super) room: RoomNum,
    pub(super) info: Arc<RoomInfo>,
    pub(super) batch: Batch,
    /// The head that must be in the store; none for a new room.
    expected: Option<RoomHead>,
    pub(super) tip: Tip,
    /// State that this draft has set.
    overlay: HashMap<StateKey, Option<(EventNum, Pdu)>>,
    new_keys: HashMap<StateKey, StateKeyNum>,
    members: HashMap<OwnedUserId, Member>,
    counts: Option<MemberCounts>,
    chains: ChainBatch,
    pub(super) effects: Effects,
    /// Who hears of it beside the members before: targets of membership events.
    targets: Vec<OwnedUserId>,
    pushed: Vec<(OwnedEventId, EventNum, StreamPos)>,
    changes_state: bool,
}

/// A batch that is ready to be queued.
pub(crate) struct Finished {
    pub batch: Batch,
    pub tip: Tip,
    pub changes_state: bool,
    pub events: Pushed,
}

/// The events of a draft, in order.
pub(crate) struct Pushed(Vec<(OwnedEventId, EventNum, StreamPos)>);

impl Pushed {
    /// The events with the positions that the commit gave them.
    pub fn all(self, commit: &Commit) -> Vec<Appended> {
        let resolve =
            |(event_id, event, position)| Appended { event_id, event, position: commit.resolve(position) };
        self.0.into_iter().map(resolve).collect()
    }

    /// The last event.
    pub fn only(self, commit: &Commit) -> Result<Appended, RoomsError> {
        self.all(commit).pop().ok_or_else(|| RoomsError::missing("the event of a batch"))
    }
}

impl Draft {
    /// A draft on the head of a room that exists.
    pub async fn open(rooms: &Rooms, room: RoomNum, writer: &mut Writer) -> Result<Self, RoomsError> {
        let store = &rooms.parts.store;
        let info = rooms.room_info(store, room).await?;
        let tip = match writer.tip() {
            Some(tip) => tip.clone(),
            None => {
                let head =
                    store.get(&HEAD, &room).await?.ok_or_else(|| RoomsError::missing("a room's head"))?;
                let mut extremities = Vec::with_capacity(head.extremities.len());
                for event in head.extremities {
                    extremities.push((event, rooms.pdu(store, event).await?.event_id().to_owned()));
                }
                let tip = Tip { extremities, state: head.state, depth: head.depth };
                writer.load(tip.clone());
                tip
            }
        };
        Ok(Self::new(rooms, room, info, Some(tip.to_head()), tip))
    }

    /// A draft of a room that does not exist yet.
    pub fn of_new_room(rooms: &Rooms, room: RoomNum, info: RoomInfo) -> Self {
        let tip = Tip { extremities: Vec::new(), state: EMPTY_STATE, depth: 0 };
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
            chains: ChainBatch::new(),
            effects: Effects::new(room),
            targets: Vec::new(),
            pushed: Vec::new(),
            changes_state: false,
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

    /// The current state as this draft leaves it.
    pub async fn state(&self, kind: &str, state_key: &str) -> Result<Option<(EventNum, Pdu)>, RoomsError> {
        let key = (kind.to_owned(), state_key.to_owned());
        if let Some(found) = self.overlay.get(&key) {
            return Ok(found.clone());
        }
        if self.expected.is_none() {
            return Ok(None);
        }
        let store = &self.rooms.parts.store;
        match self.rooms.current_state_num(store, self.room, kind, state_key).await? {
            Some(event) => Ok(Some((event, self.rooms.pdu(store, event).await?))),
            None => Ok(None),
        }
    }

    /// A user's membership as this draft leaves it.
    pub async fn member(&self, user: &UserId) -> Result<Option<Member>, RoomsError> {
        if let Some(member) = self.members.get(user) {
            return Ok(Some(*member));
        }
        if self.expected.is_none() {
            return Ok(None);
        }
        self.rooms.member(&self.rooms.parts.store, self.room, user).await
    }

    /// Builds an event of a local user on the tip, checks it against the state and takes it in.
    pub async fn push(&mut self, new: NewEvent) -> Result<(EventNum, Pdu), RoomsError> {
        let authority = auth::authority(self, &new).await?;
        let pdu = auth::build(self, &new, &authority).await?;
        authority.check(self.version(), &pdu)?;
        if self.is_new_room() && pdu.kind() == "m.room.create" {
            // From version 12 the create event names the room.
            let room_id = pdu.room_id().to_owned();
            self.info = Arc::new(RoomInfo { room_id, version: self.info.version });
        }
        let event = self.rooms.parts.numbers.event_num().await?;
        let position = self.batch.position();
        if let Some(transaction) = &new.transaction {
            transaction.record(&mut self.batch, &new.sender, event, self.rooms.parts.clock.now_ms());
        }
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
            redacted_by: None,
            origin_server_ts: pdu.origin_server_ts(),
            sender_txn: new.transaction.as_ref().map(super::TransactionKey::mark),
            delay_id: new.delay_id.clone(),
        };
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
        self.tip.state = meta.state_after;
        self.tip.depth = pdu.depth();
        let consumed = self.tip.extremities.len().min(crate::limits::PREV_EVENTS_MAX);
        let kept = self.tip.extremities.len() - consumed;
        self.tip.extremities.truncate(kept);
        self.tip.extremities.push((event, pdu.event_id().to_owned()));
        self.pushed.push((pdu.event_id().to_owned(), event, position));
        Ok((event, pdu))
    }

    pub(super) async fn assign_chain(
        &mut self,
        event: EventNum,
        auth: &[EventNum],
    ) -> Result<(u64, u64), RoomsError> {
        let rooms = self.rooms.clone();
        self.chains.assign(&rooms.parts.store, &mut self.batch, self.room, event, auth).await
    }

    /// Places in the auth graph that this draft has given out.
    pub(super) fn chains(&self) -> &ChainBatch {
        &self.chains
    }

    /// A new snapshot: `parent` with changes.
    pub(super) async fn extend_state(
        &mut self,
        parent: StateNum,
        changes: &[(StateKeyNum, Option<EventNum>)],
    ) -> Result<StateNum, RoomsError> {
        let rooms = self.rooms.clone();
        let new = rooms.parts.numbers.state_num().await?;
        let parent = (parent != EMPTY_STATE).then_some(parent);
        rooms.snapshots.extend(&rooms.parts.store, &mut self.batch, self.room, new, parent, changes).await
    }

    /// The number of a state key, made in this batch when no room ever used it. A race with another
    /// room for the same key shows as a conflict, and the append is built again.
    pub(super) async fn state_key_num(
        &mut self,
        kind: &str,
        state_key: &str,
    ) -> Result<StateKeyNum, RoomsError> {
        let key = (kind.to_owned(), state_key.to_owned());
        if let Some(num) = self.new_keys.get(&key) {
            return Ok(*num);
        }
        let store = &self.rooms.parts.store;
        if let Some(num) = self.rooms.state_key_num(store, kind, state_key).await? {
            return Ok(num);
        }
        let num = self.rooms.parts.numbers.state_key_num().await?;
        self.batch.expect_absent(&STATE_KEY_NUM, &key);
        self.batch.put(&STATE_KEY_NUM, &key, &num);
        self.batch.put(&STATE_KEY, &num, &key);
        self.effects.new_state_key(key.clone(), num);
        self.new_keys.insert(key, num);
        Ok(num)
    }

    /// Type and state key of a number, also of one made in this batch.
    pub(super) async fn state_key(&self, num: StateKeyNum) -> Result<Arc<StateKey>, RoomsError> {
        if let Some((key, _)) = self.new_keys.iter().find(|(_, made)| **made == num) {
            return Ok(Arc::new(key.clone()));
        }
        self.rooms.state_key(&self.rooms.parts.store, num).await
    }

    /// Current-state, state-change and membership rows of one changed entry.
    pub(super) async fn set_state(
        &mut self,
        key: StateKeyNum,
        kind: &str,
        state_key: &str,
        new: Option<(EventNum, Pdu)>,
        position: StreamPos,
    ) -> Result<(), RoomsError> {
        let old = self.state(kind, state_key).await?.map(|(event, _)| event);
        let new_num = new.as_ref().map(|(event, _)| *event);
        let row_key = (self.room, key);
        match new_num {
            Some(event) => self.batch.put(&CURRENT_STATE, &row_key, &event),
            None => self.batch.delete(&CURRENT_STATE, &row_key),
        };
        let row = (old.unwrap_or(NO_EVENT), new_num.unwrap_or(NO_EVENT));
        self.batch.put(&STATE_CHANGE, &(self.room, position, key), &row);
        self.effects.current_state(key, new_num, position);
        self.changes_state = true;
        if kind == "m.room.member"
            && let Ok(user) = UserId::parse(state_key)
        {
            self.set_member(&user, new.as_ref(), position).await?;
        }
        self.overlay.insert((kind.to_owned(), state_key.to_owned()), new);
        Ok(())
    }

    async fn set_member(
        &mut self,
        user: &UserId,
        new: Option<&(EventNum, Pdu)>,
        position: StreamPos,
    ) -> Result<(), RoomsError> {
        let before = self.member(user).await?;
        let previous = before.map(|member| member.membership);
        let membership = new.and_then(|(_, pdu)| auth::membership_of(pdu)).unwrap_or(Membership::Leave);
        let event = new.map_or(NO_EVENT, |(event, _)| *event);
        let member = Member { membership, event, position, previous, forgotten: false };
        self.batch.put(&MEMBER, &(self.room, user.to_owned()), &member.to_row());
        self.batch.put(&ROOM_OF_USER, &(user.to_owned(), self.room), &member.to_row());
        let change = MembershipChange { position, room: self.room, event, membership, previous };
        self.batch.put(&MEMBERSHIP_CHANGE, &(user.to_owned(), position), &change.to_row());
        self.count(previous, membership).await?;
        let local = self.rooms.is_local(user);
        if local {
            self.targets.push(user.to_owned());
            if matches!(membership, Membership::Invite | Membership::Knock) {
                self.put_stripped(user, new).await?;
            } else if matches!(previous, Some(Membership::Invite | Membership::Knock)) {
                self.batch.delete(&STRIPPED, &(user.to_owned(), self.room));
            }
        }
        self.effects.member(user.to_owned(), membership == Membership::Join, local, position);
        self.members.insert(user.to_owned(), member);
        Ok(())
    }

    async fn count(&mut self, previous: Option<Membership>, now: Membership) -> Result<(), RoomsError> {
        let mut counts = match (self.counts, &self.expected) {
            (Some(counts), _) => counts,
            (None, None) => MemberCounts::default(),
            (None, Some(_)) => self.rooms.member_counts(&self.rooms.parts.store, self.room).await?,
        };
        match previous {
            Some(Membership::Join) => counts.joined = counts.joined.saturating_sub(1),
            Some(Membership::Invite) => counts.invited = counts.invited.saturating_sub(1),
            Some(Membership::Leave | Membership::Ban | Membership::Knock) | None => {}
        }
        match now {
            Membership::Join => counts.joined += 1,
            Membership::Invite => counts.invited += 1,
            Membership::Leave | Membership::Ban | Membership::Knock => {}
        }
        self.counts = Some(counts);
        Ok(())
    }

    async fn put_stripped(&mut self, user: &UserId, new: Option<&(EventNum, Pdu)>) -> Result<(), RoomsError> {
        let Some((_, pdu)) = new else { return Ok(()) };
        let mut events = Vec::new();
        for (kind, state_key) in super::state_event::shown_to_invited(pdu.sender(), user) {
            if let Some((_, pdu)) = self.state(kind, state_key).await? {
                events.push(super::state_event::stripped(&pdu)?);
            }
        }
        events.push(super::state_event::stripped(pdu)?);
        self.batch.put(&STRIPPED, &(user.to_owned(), self.room), &StrippedState { events });
        Ok(())
    }

    /// The rows that every event has.
    pub(super) fn put_event(&mut self, event: EventNum, pdu: &Pdu, meta: &EventMeta) {
        let event_id = pdu.event_id().to_owned();
        self.batch.expect_absent(&EVENT_NUM, &event_id);
        self.batch.put(&EVENT_NUM, &event_id, &event);
        let stored = StoredEvent { event_id: event_id.clone(), json: pdu.json().clone() };
        self.batch.put(&EVENT, &event, &stored);
        self.put_meta(event, pdu, meta);
    }

    /// Where an event stands.
    pub(super) fn put_meta(&mut self, event: EventNum, pdu: &Pdu, meta: &EventMeta) {
        let event_id = pdu.event_id().to_owned();
        self.batch.put(&EVENT_META, &event, &meta.to_row());
        self.effects.event(NewRow { event, event_id, pdu: pdu.clone(), meta: meta.clone() });
    }

    /// The rows of an event that clients may see.
    pub(super) fn put_in_timeline(&mut self, event: EventNum, pdu: &Pdu, position: StreamPos) {
        let place = TimelinePos::from(position);
        self.batch.put(&TIMELINE, &(self.room, place), &event);
        self.batch.put(&TIMESTAMP, &(self.room, pdu.origin_server_ts(), place), &event);
        let indexed = Indexed { room: self.room, event, position: place, pdu };
        index::add(&mut self.batch, &self.rooms, &indexed);
        streams::record(&mut self.batch, position, &Fact::Event { room: self.room, event });
        self.effects.in_timeline(event, position, crate::recency::is_bump(pdu.kind()));
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

    pub(super) fn is_new_room(&self) -> bool {
        self.expected.is_none()
    }
}

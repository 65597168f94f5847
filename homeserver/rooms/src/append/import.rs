//! Entering a room that another server described.
//!
//! Everything that the peer returned is kept as outliers first, which nobody sees; then one batch makes the room
//! out of it: the state before the own membership event, that event, its place in the timeline, the head. So there
//! is a whole room or none, and a join that failed begins anew. A room that was known before, because local users
//! were in it once, keeps its old events; the timeline notes that something is missing between.

use std::collections::HashMap;

use model::{EventNum, Pdu, RoomVersion, StateKeyNum, StreamPos, TimelinePos};
use rules::room_import::{self, Described};
use ruma::{OwnedRoomId, RoomId};
use store::StoreError;

use super::draft::EMPTY_STATE;
use super::{Appended, Draft, Writer};
use crate::limits::{APPEND_ATTEMPTS_MAX, IMPORT_STATE_MAX};
use crate::partial::PartialState;
use crate::read::{EventMeta, RoomInfo};
use crate::tables::HEAD;
use crate::{Rooms, RoomsError};

/// A room as another server described it when a local user entered.
#[derive(Clone, Debug)]
pub struct RoomImport {
    /// The room.
    pub room_id: OwnedRoomId,
    /// Its version; the create event has to say the same.
    pub version: &'static RoomVersion,
    /// The state before the membership event. Hashes and signatures are checked.
    pub state: Vec<Pdu>,
    /// What stands behind that state. Hashes and signatures are checked.
    pub auth_chain: Vec<Pdu>,
    /// The membership event of the local user, built and signed here.
    pub join: Pdu,
    /// What was told beside the state when memberships are missing from it (MSC3706); none for a whole state.
    pub partial: Option<PartialState>,
}

impl Rooms {
    /// Takes a room over, durably and in one step.
    ///
    /// # Errors
    /// [`RoomsError::PeerNotBelieved`] when the description contradicts itself or the room's rules, or does not
    /// let the membership event in; [`RoomsError::TooLarge`] for a room beyond the bounds; the store's own.
    pub async fn import_room(&self, import: RoomImport) -> Result<Appended, RoomsError> {
        if import.state.len() > IMPORT_STATE_MAX {
            return Err(RoomsError::TooLarge("the room has more state than this server takes in".to_owned()));
        }
        let (import, believed) = {
            // Judging tens of thousands of events is work of some seconds.
            let work = move || {
                let described = Described {
                    room_id: &import.room_id,
                    version: import.version,
                    state: &import.state,
                    auth_chain: &import.auth_chain,
                };
                let believed = room_import::judge(described)
                    .and_then(|believed| {
                        let is_partial = import.partial.is_some();
                        room_import::check_on_top(import.version, &believed, &import.join, is_partial)?;
                        Ok(believed)
                    })
                    .map_err(|refusal| RoomsError::PeerNotBelieved(refusal.to_string()));
                (import, believed)
            };
            let task = tokio::task::spawn_blocking(work).await;
            task.map_err(|error| RoomsError::Corrupt(format!("judging a room: {error}")))?
        };
        let believed = believed?;
        if believed.dropped > 0 {
            tracing::info!(room_id = %import.room_id, dropped = believed.dropped, "left out what has no complete auth chain");
        }
        let room = self.room_from_outside(&import.room_id, import.version).await?;
        self.keep_outliers(room, &believed.events).await?;
        for _ in 0..APPEND_ATTEMPTS_MAX {
            let mut writer = self.locks.lock(room).await;
            let outcome = self.try_import(room, &mut writer, &import, &believed.state).await;
            *writer = Writer::default();
            match outcome {
                Err(RoomsError::Store(StoreError::Conflict)) => {}
                outcome => return outcome,
            }
        }
        Err(RoomsError::Contended)
    }

    async fn try_import(
        &self,
        room: model::RoomNum,
        writer: &mut Writer,
        import: &RoomImport,
        state: &[Pdu],
    ) -> Result<Appended, RoomsError> {
        let store = &self.parts.store;
        if let Some(event) = self.event_num(store, import.join.event_id()).await?
            && let Some(position) = self.meta(store, event).await?.position
        {
            let position = StreamPos::new(u64::try_from(position.get()).unwrap_or(0));
            return Ok(Appended { event_id: import.join.event_id().to_owned(), event, position });
        }
        let mut draft = if store.exists(&HEAD, &room).await? {
            Draft::open(self, room, writer).await?
        } else {
            let info = RoomInfo { room_id: import.room_id.clone(), version: import.version };
            Draft::of_new_room(self, room, info)
        };
        // Whatever part of the state was missing until now is told anew.
        draft.end_partial().await?;
        let event = draft.import(state, &import.join).await?;
        match &import.partial {
            Some(told) => draft.enter_partially(event, told).await?,
            None => draft.forget_completion(),
        }
        let finished = draft.finish().await?;
        let commit = store.commit(finished.batch).await?;
        if import.partial.is_none() {
            self.partial.remove(room);
        }
        finished.events.only(&commit)
    }

    /// Whether this server takes part in a room: a local user is joined.
    ///
    /// # Errors
    /// The store's own.
    pub async fn is_resident(&self, room: model::RoomNum) -> Result<bool, RoomsError> {
        Ok(!self.local_members(room).await?.is_empty())
    }

    /// The number of a room in which a local user is joined.
    ///
    /// # Errors
    /// [`RoomsError::RoomNotFound`] for any other.
    pub async fn resident_room(&self, room_id: &RoomId) -> Result<model::RoomNum, RoomsError> {
        let room = self.known_room(&self.parts.store, room_id).await?;
        if self.is_resident(room).await? { Ok(room) } else { Err(RoomsError::RoomNotFound) }
    }

    /// The number of a room in which a local user is joined and of which all members are known: only such a room can
    /// let others in.
    ///
    /// # Errors
    /// [`RoomsError::RoomNotFound`] for any other.
    pub async fn whole_room(&self, room_id: &RoomId) -> Result<model::RoomNum, RoomsError> {
        let room = self.resident_room(room_id).await?;
        if self.is_partial(room) { Err(RoomsError::RoomNotFound) } else { Ok(room) }
    }
}

impl Draft {
    /// Replaces the state by what was described, and puts the membership event on top.
    async fn import(&mut self, state: &[Pdu], join: &Pdu) -> Result<EventNum, RoomsError> {
        let rooms = self.rooms.clone();
        let store = &rooms.parts.store;
        let mut entries: HashMap<StateKeyNum, (EventNum, Pdu)> = HashMap::with_capacity(state.len() + 1);
        for pdu in state {
            let Some(state_key) = pdu.state_key() else { continue };
            let event = rooms.event_num(store, pdu.event_id()).await?;
            let event = event.ok_or_else(|| RoomsError::missing("an outlier"))?;
            entries.insert(self.state_key_num(pdu.kind(), state_key).await?, (event, pdu.clone()));
        }
        let changes: Vec<_> = entries.iter().map(|(key, (event, _))| (*key, Some(*event))).collect();
        let state_before = self.extend_state(EMPTY_STATE, &changes).await?;
        let known = rooms.event_num(store, join.event_id()).await?;
        let event = match known {
            Some(event) => event,
            None => rooms.parts.numbers.event_num().await?,
        };
        let auth = self.known_authority(join.auth_events()).await?;
        let (chain, sequence) = self.assign_chain(event, &auth).await?;
        let key = self.state_key_num(join.kind(), join.state_key().unwrap_or_default()).await?;
        let state_after = self.extend_state(state_before, &[(key, Some(event))]).await?;
        entries.insert(key, (event, join.clone()));
        let position = self.position_after_gap();
        let meta = EventMeta {
            room: self.room,
            position: Some(TimelinePos::from(position)),
            state_before,
            state_after,
            depth: join.depth(),
            chain,
            sequence,
            rejected: false,
            soft_failed: false,
            outlier: false,
            redacted_by: None,
            origin_server_ts: join.origin_server_ts(),
            sender_txn: None,
            delay_id: None,
        };
        if known.is_some() {
            self.put_meta(event, join, &meta);
        } else {
            self.put_event(event, join, &meta);
        }
        self.put_in_timeline(event, join, position);
        let missing = rooms.without_place(self.room, join.prev_events()).await?;
        self.put_gap(join, missing, position, false);
        self.replace_state(entries, position).await?;
        self.tip.state = state_after;
        self.tip.depth = join.depth();
        self.tip.extremities = vec![(event, join.event_id().to_owned())];
        self.tip.own = Some(event);
        self.note_pushed(join.event_id().to_owned(), event, position);
        Ok(event)
    }

    /// Writes the difference between the state of the draft and the new one.
    async fn replace_state(
        &mut self,
        entries: HashMap<StateKeyNum, (EventNum, Pdu)>,
        position: StreamPos,
    ) -> Result<(), RoomsError> {
        let rooms = self.rooms.clone();
        let store = &rooms.parts.store;
        let before = rooms.state_at(store, self.tip.state).await?;
        for (key, _) in before.iter().filter(|(key, _)| !entries.contains_key(key)) {
            let (kind, state_key) = &*self.state_key(*key).await?;
            self.set_state(*key, kind, state_key, None, position).await?;
        }
        let before: HashMap<StateKeyNum, EventNum> = before.iter().copied().collect();
        for (key, (event, pdu)) in entries {
            if before.get(&key) != Some(&event) {
                let (kind, state_key) =
                    (pdu.kind().to_owned(), pdu.state_key().unwrap_or_default().to_owned());
                self.set_state(key, &kind, &state_key, Some((event, pdu)), position).await?;
            }
        }
        Ok(())
    }
}

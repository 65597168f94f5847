//! Making a partial room whole: the state before the own membership event is put in, what came after it is judged
//! anew in the order in which it came, and the current state is exchanged.
//!
//! Each step is a batch of bounded size that leaves a room in which everybody can go on, and the rows say how far it
//! came, so a crash between two steps is taken up where it was. The lock of the room is held over all steps: events
//! that come meanwhile wait, and none is judged by a state that is half exchanged.

use model::{EventNum, RoomNum, StateNum};
use store::{Scan, StoreError};
use streams::Fact;

use super::{Draft, Writer};
use crate::limits::{APPEND_ATTEMPTS_MAX, COMPLETED_ENTRIES_MAX, RECHECKED_EVENTS_MAX};
use crate::partial::tables::{COMPLETION, PARTIAL_EVENT, PARTIAL_ROOM, PartialRow};
use crate::{Rooms, RoomsError};

/// How far one step came.
enum Step {
    More,
    Complete,
    /// The room is whole, gone, or partial because of another membership event.
    Superseded,
}

impl Rooms {
    /// Makes a partial room whole. `states` are the states after the parents of `join`, as known events; they are not
    /// looked at when the room has got them before. Without any the room is made whole of what was told with the join, if
    /// that was all. Returns whether it was this membership event's room.
    ///
    /// # Errors
    /// The store's own and those of state resolution; what was done stays, and the call can be repeated.
    pub async fn complete_partial_room(
        &self,
        room: RoomNum,
        join: EventNum,
        states: &[Vec<EventNum>],
    ) -> Result<bool, RoomsError> {
        let mut writer = self.lock_durable(room).await?;
        let mut attempts = 0;
        loop {
            match self.try_step(room, &mut writer, join, states).await {
                Ok(Step::More) => attempts = 0,
                Ok(Step::Complete) => {
                    // Not before the commit is seen: who asks then finds the whole state.
                    self.partial.remove(room);
                    return Ok(true);
                }
                Ok(Step::Superseded) => return Ok(false),
                Err(error) => {
                    *writer = Writer::default();
                    attempts += 1;
                    if !matches!(error, RoomsError::Store(StoreError::Conflict)) {
                        return Err(error);
                    }
                    if attempts == APPEND_ATTEMPTS_MAX {
                        return Err(RoomsError::Contended);
                    }
                }
            }
        }
    }

    /// Gives up on a partial room in which nobody of ours is any more. Returns whether it is given up.
    ///
    /// # Errors
    /// The store's own.
    pub async fn abandon_partial_room(&self, room: RoomNum) -> Result<bool, RoomsError> {
        let mut writer = self.lock_durable(room).await?;
        if self.is_resident(room).await? {
            return Ok(false);
        }
        let outcome = async {
            let mut draft = Draft::open(self, room, &mut writer).await?;
            if draft.end_partial().await? {
                self.commit_draft(draft, &mut writer).await?;
            }
            Ok(())
        };
        let outcome: Result<(), RoomsError> = outcome.await;
        *writer = Writer::default();
        match outcome {
            // Purged.
            Ok(()) | Err(RoomsError::RoomNotFound) => self.partial.remove(room),
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    async fn try_step(
        &self,
        room: RoomNum,
        writer: &mut Writer,
        join: EventNum,
        states: &[Vec<EventNum>],
    ) -> Result<Step, RoomsError> {
        let store = &self.parts.store;
        let Some(row) = store.get(&PARTIAL_ROOM, &room).await? else { return Ok(Step::Superseded) };
        if row.join != join {
            return Ok(Step::Superseded);
        }
        let mut draft = Draft::open(self, room, writer).await?;
        draft.batch.expect_eq(&PARTIAL_ROOM, &room, &row);
        let step = if row.is_state_known {
            let waiting = Scan::prefix(&room).limit(RECHECKED_EVENTS_MAX);
            let waiting = store.scan(&PARTIAL_EVENT, waiting).await?;
            if waiting.is_empty() {
                draft.exchange_state().await?
            } else {
                let mut ends = row.ends.clone();
                for (key, waiting) in waiting {
                    draft.batch.delete(&PARTIAL_EVENT, &key);
                    // The own membership event has its whole state already.
                    if waiting.event != join {
                        draft.recheck(waiting.event, &waiting.given, true).await?;
                        if !waiting.is_history {
                            draft.recheck_by_current_state(waiting.event, &mut ends).await?;
                        }
                    }
                }
                draft.batch.put(&PARTIAL_ROOM, &room, &PartialRow { ends, ..row });
                Step::More
            }
        } else {
            draft.put_state_before(row, states).await?;
            Step::More
        };
        self.commit_draft(draft, writer).await?;
        Ok(step)
    }
}

impl Draft {
    /// Puts the whole state before the own membership event, whose parents' states these are.
    async fn put_state_before(
        &mut self,
        row: PartialRow,
        states: &[Vec<EventNum>],
    ) -> Result<(), RoomsError> {
        let mut given: Vec<StateNum> = Vec::with_capacity(states.len());
        for state in states {
            given.push(self.snapshot_of(state).await?);
        }
        if given.is_empty() && row.is_all_told {
            given.push(self.meta(row.join).await?.state_before);
        }
        if given.is_empty() {
            return Err(RoomsError::PeerNotBelieved("nobody told the state of the room".to_owned()));
        }
        // Parents that are known here from an earlier stay may have been judged by a part of the state.
        self.recheck(row.join, &given, false).await?;
        let row = PartialRow { is_state_known: true, ends: vec![row.join], ..row };
        self.batch.put(&PARTIAL_ROOM, &self.room, &row);
        Ok(())
    }

    /// Exchanges some entries of the current state, and ends it when there are no more.
    async fn exchange_state(&mut self) -> Result<Step, RoomsError> {
        let rooms = self.rooms.clone();
        let store = &rooms.parts.store;
        let mut states = Vec::with_capacity(self.tip.extremities.len());
        for (extremity, _) in &self.tip.extremities {
            states.push(self.meta(*extremity).await?.state_after);
        }
        let whole = self.resolved(&states).await?;
        let mut changes = rooms.snapshots.changes_between(store, self.tip.state, whole).await?;
        let is_last = changes.len() <= COMPLETED_ENTRIES_MAX;
        changes.truncate(COMPLETED_ENTRIES_MAX);
        let position = self.batch.position();
        rooms.warm(&changes.iter().filter_map(|(_, event)| *event).collect::<Vec<_>>()).await?;
        for (key, event) in &changes {
            let (kind, state_key) = &*self.state_key(*key).await?;
            let entry = match event {
                Some(event) => Some((*event, rooms.pdu(store, *event).await?)),
                None => None,
            };
            self.set_state(*key, kind, state_key, entry, position).await?;
        }
        let first = store.get(&COMPLETION, &self.room).await?.map_or(position, |(first, _)| first);
        self.batch.put(&COMPLETION, &self.room, &(first, position));
        let room = self.room;
        self.batch.on_commit({
            let rooms = rooms.clone();
            move |_| rooms.caches.completions.invalidate(&room)
        });
        if !is_last {
            self.tip.state = self.extend_state(self.tip.state, &changes).await?;
            return Ok(Step::More);
        }
        self.tip.state = whole;
        self.end_partial().await?;
        self.effects.state_whole(position);
        streams::record(&mut self.batch, position, &Fact::Completed { room });
        Ok(Step::Complete)
    }
}

//! The current state, the state at an event, and how the state changed.

use std::sync::Arc;

use model::{EventNum, Pdu, RoomNum, StateKeyNum, StateNum, StreamPos};
use store::{Reader, Scan};

use crate::limits::PAGE_ROWS;
use crate::tables::{CURRENT_STATE, HEAD, STATE_CHANGE};
use crate::{Rooms, RoomsError};

/// Stands for "no event" in a fixed-width value; numbers of events begin at 1.
pub(crate) const NO_EVENT: EventNum = EventNum::new(0);

/// One change of the current state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// Position of the change; the same as that of the event that caused it.
    pub position: StreamPos,
    /// Which state key.
    pub key: StateKeyNum,
    /// The event before, if there was one.
    pub old: Option<EventNum>,
    /// The event from here on; none when resolution took the entry away.
    pub new: Option<EventNum>,
}

impl Rooms {
    /// The number of the event that is the current state for a type and state key.
    pub async fn current_state_num(
        &self,
        reader: &Reader,
        room: RoomNum,
        kind: &str,
        state_key: &str,
    ) -> Result<Option<EventNum>, RoomsError> {
        let Some(key) = self.state_key_num(reader, kind, state_key).await? else { return Ok(None) };
        self.current_state_entry(room, key).await
    }

    pub(crate) async fn current_state_entry(
        &self,
        room: RoomNum,
        key: StateKeyNum,
    ) -> Result<Option<EventNum>, RoomsError> {
        self.caches
            .current_state
            .get_or_load(&(room, key), async {
                Ok(self.parts.store.get(&CURRENT_STATE, &(room, key)).await?)
            })
            .await
    }

    /// The current state event of a type and state key.
    pub async fn current_state(
        &self,
        reader: &Reader,
        room: RoomNum,
        kind: &str,
        state_key: &str,
    ) -> Result<Option<Pdu>, RoomsError> {
        match self.current_state_num(reader, room, kind, state_key).await? {
            Some(event) => Ok(Some(self.pdu(reader, event).await?)),
            None => Ok(None),
        }
    }

    /// The whole current state, sorted by state key number.
    pub async fn current_state_all(
        &self,
        reader: &Reader,
        room: RoomNum,
    ) -> Result<Vec<(StateKeyNum, EventNum)>, RoomsError> {
        let mut state = Vec::new();
        loop {
            let mut scan = Scan::prefix(&room).limit(PAGE_ROWS);
            if let Some((last, _)) = state.last() {
                scan = scan.after(&(room, *last));
            }
            let page = reader.scan(&CURRENT_STATE, scan).await?;
            let full = page.len() == PAGE_ROWS;
            state.extend(page.into_iter().map(|((_, key), event)| (key, event)));
            if !full {
                return Ok(state);
            }
        }
    }

    /// The state of a snapshot, sorted by state key number.
    pub async fn state_at(
        &self,
        reader: &Reader,
        state: StateNum,
    ) -> Result<Arc<[(StateKeyNum, EventNum)]>, RoomsError> {
        self.snapshots.entries(reader, state).await
    }

    /// The event of one type and state key in a snapshot, by number.
    pub async fn state_num_at(
        &self,
        reader: &Reader,
        state: StateNum,
        kind: &str,
        state_key: &str,
    ) -> Result<Option<EventNum>, RoomsError> {
        let Some(key) = self.state_key_num(reader, kind, state_key).await? else { return Ok(None) };
        self.snapshots.entry(reader, state, key).await
    }

    /// The event of one type and state key in a snapshot.
    pub async fn state_event_at(
        &self,
        reader: &Reader,
        state: StateNum,
        kind: &str,
        state_key: &str,
    ) -> Result<Option<Pdu>, RoomsError> {
        match self.state_num_at(reader, state, kind, state_key).await? {
            Some(event) => Ok(Some(self.pdu(reader, event).await?)),
            None => Ok(None),
        }
    }

    /// The snapshot that is the current state, as the reader sees it.
    pub async fn head_state(&self, reader: &Reader, room: RoomNum) -> Result<StateNum, RoomsError> {
        let head = reader.get(&HEAD, &room).await?;
        Ok(head.ok_or_else(|| RoomsError::missing("a room's head"))?.state)
    }

    /// The snapshot after an event.
    pub async fn state_after_event(&self, reader: &Reader, event: EventNum) -> Result<StateNum, RoomsError> {
        Ok(self.meta(reader, event).await?.state_after)
    }

    /// How the current state of a room changed in `(after, up_to]`, oldest first, at most
    /// [`PAGE_ROWS`] rows; ask again from the last position when that many come.
    pub async fn state_changes(
        &self,
        reader: &Reader,
        room: RoomNum,
        after: StreamPos,
        up_to: StreamPos,
    ) -> Result<Vec<StateChange>, RoomsError> {
        let from = (room, StreamPos::new(after.get().saturating_add(1)), StateKeyNum::new(0));
        let to = (room, up_to, StateKeyNum::new(u64::MAX));
        if from.1 > up_to {
            return Ok(Vec::new());
        }
        let mut changes = Vec::new();
        let mut scan = Scan::prefix(&room).from(&from).up_to(&to).limit(PAGE_ROWS);
        loop {
            let page = reader.scan(&STATE_CHANGE, scan).await?;
            let full = page.len() == PAGE_ROWS;
            let last = page.last().map(|(key, _)| *key);
            changes.extend(page.into_iter().map(|((_, position, key), (old, new))| StateChange {
                position,
                key,
                old: (old != NO_EVENT).then_some(old),
                new: (new != NO_EVENT).then_some(new),
            }));
            match last {
                Some(last) if full => {
                    scan = Scan::prefix(&room).after(&last).up_to(&to).limit(PAGE_ROWS);
                }
                _ => return Ok(changes),
            }
        }
    }

    /// Position of the newest state change of a room. From memory after the first use; never too low.
    pub async fn latest_state_change(&self, room: RoomNum) -> Result<StreamPos, RoomsError> {
        self.caches
            .latest_state
            .get_or_load(&room, async {
                let scan = Scan::prefix(&room).reverse().limit(1);
                let newest = self.parts.store.scan(&STATE_CHANGE, scan).await?;
                Ok(newest.first().map_or(StreamPos::new(0), |((_, position, _), _)| *position))
            })
            .await
    }
}

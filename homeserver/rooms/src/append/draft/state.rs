//! Entries of the state: what a draft sees, and the rows of an entry that changes.

use std::sync::Arc;

use model::{EventNum, Pdu, StateKeyNum, StateNum, StreamPos};
use ruma::UserId;

use super::{Draft, EMPTY_STATE};
use crate::RoomsError;
use crate::read::{NO_EVENT, StateKey};
use crate::tables::{CURRENT_STATE, STATE_CHANGE, STATE_KEY, STATE_KEY_NUM};

impl Draft {
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

    /// A new snapshot: `parent` with changes.
    pub(in crate::append) async fn extend_state(
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
    pub(in crate::append) async fn state_key_num(
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
    pub(in crate::append) async fn state_key(&self, num: StateKeyNum) -> Result<Arc<StateKey>, RoomsError> {
        if let Some((key, _)) = self.new_keys.iter().find(|(_, made)| **made == num) {
            return Ok(Arc::new(key.clone()));
        }
        self.rooms.state_key(&self.rooms.parts.store, num).await
    }

    /// Current-state, state-change and membership rows of one changed entry.
    pub(in crate::append) async fn set_state(
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
}

//! The rows of a room that is entered with a part of its state, and of what is judged by that part.

use std::collections::{BTreeSet, HashMap};

use model::{EventNum, Pdu, StateNum};
use store::Scan;

use super::Draft;
use super::auth::membership_of;
use crate::RoomsError;
use crate::limits::{PAGE_ROWS, PARTIAL_SERVERS_MAX};
use crate::member::Membership;
use crate::partial::tables::{COMPLETION, PARTIAL_EVENT, PARTIAL_ROOM, PartialEventRow, PartialRow};
use crate::partial::{PartialRoom, PartialState};

const MEMBER: &str = "m.room.member";

/// The memberships that an event names as its authority, by user.
pub(super) type NamedMembers = HashMap<String, (EventNum, Pdu)>;

impl Draft {
    /// Marks the room as partial from this membership event on. Each server that is said to be in the room counts as
    /// one member more, so that it hears of what happens here.
    pub(super) async fn enter_partially(
        &mut self,
        join: EventNum,
        told: &PartialState,
    ) -> Result<(), RoomsError> {
        let ours = self.rooms.server_name().to_owned();
        let servers: BTreeSet<_> = std::iter::once(&told.helper)
            .chain(told.servers.iter().take(PARTIAL_SERVERS_MAX))
            .filter(|server| **server != ours)
            .cloned()
            .collect();
        for server in &servers {
            self.count_server(server, false, true).await?;
        }
        let row = PartialRow {
            join,
            helper: told.helper.clone(),
            servers: servers.into_iter().collect(),
            is_state_known: false,
            ends: Vec::new(),
            is_all_told: told.is_all_told,
        };
        self.batch.put(&PARTIAL_ROOM, &self.room, &row);
        self.forget_completion();
        self.is_partial = true;
        self.note_partial(join, &[], false);
        let (rooms, room) = (self.rooms.clone(), self.room);
        let waking = rooms.clone();
        self.batch.on_commit(move |_| rooms.partial.insert(PartialRoom::new(room, row)));
        self.batch.on_visible(move |_| waking.partial.wake());
        Ok(())
    }

    /// The whole state is put in at once: nobody has to be shown the room anew.
    pub(super) fn forget_completion(&mut self) {
        self.batch.delete(&COMPLETION, &self.room);
        let (rooms, room) = (self.rooms.clone(), self.room);
        self.batch.on_commit(move |_| rooms.caches.completions.invalidate(&room));
    }

    /// Takes back everything that says that the room is partial. Returns whether anything did.
    pub(super) async fn end_partial(&mut self) -> Result<bool, RoomsError> {
        let store = self.rooms.parts.store.clone();
        let Some(row) = store.get(&PARTIAL_ROOM, &self.room).await? else { return Ok(false) };
        for server in &row.servers {
            self.count_server(server, true, false).await?;
        }
        self.batch.delete(&PARTIAL_ROOM, &self.room);
        let mut scan = Scan::prefix(&self.room).limit(PAGE_ROWS);
        loop {
            let keys = store.scan_keys(&PARTIAL_EVENT, scan).await?;
            let Some(last) = keys.last() else { break };
            scan = Scan::prefix(&self.room).after(last).limit(PAGE_ROWS);
            for key in &keys {
                self.batch.delete(&PARTIAL_EVENT, key);
            }
        }
        self.is_partial = false;
        Ok(true)
    }

    /// In a partial room: notes that the event has to be judged anew when the state is whole. `given` are the states
    /// behind parents that are not known.
    pub(super) fn note_partial(&mut self, event: EventNum, given: &[StateNum], is_history: bool) {
        if self.is_partial {
            let place = self.batch.position();
            let row = PartialEventRow { event, given: given.to_vec(), is_history };
            self.batch.put(&PARTIAL_EVENT, &(self.room, place), &row);
        }
    }

    /// In a partial room the memberships among what an event names as its authority, none of them rejected. They
    /// stand in for those that the state lacks.
    pub(super) async fn named_members(&self, auth: &[EventNum]) -> Result<NamedMembers, RoomsError> {
        let mut named = NamedMembers::new();
        if !self.is_partial {
            return Ok(named);
        }
        let store = &self.rooms.parts.store;
        for event in auth {
            let pdu = self.rooms.pdu(store, *event).await?;
            let state_key = pdu.state_key().filter(|_| pdu.kind() == MEMBER).map(str::to_owned);
            if let Some(user) = state_key
                && !self.rooms.meta(store, *event).await?.rejected
            {
                named.insert(user, (*event, pdu));
            }
        }
        Ok(named)
    }

    /// A state with the membership of an event's sender, if it lacks that: who speaks in a partial room is in it, as
    /// far as can be known.
    pub(super) async fn with_sender(
        &mut self,
        pdu: &Pdu,
        state: StateNum,
        named: &NamedMembers,
    ) -> Result<StateNum, RoomsError> {
        let sender = pdu.sender().as_str();
        let Some((event, member)) = named.get(sender) else { return Ok(state) };
        if pdu.is_state_of(MEMBER, sender) || membership_of(member) != Some(Membership::Join) {
            return Ok(state);
        }
        let rooms = self.rooms.clone();
        if rooms.state_num_at(&rooms.parts.store, state, MEMBER, sender).await?.is_some() {
            return Ok(state);
        }
        let key = self.state_key_num(MEMBER, sender).await?;
        self.extend_state(state, &[(key, Some(*event))]).await
    }

    /// A state resolved with those memberships that an event names as its authority and that are others than the
    /// state's; none if there are no such. A part of the state may have let in what the whole one does not, and an event
    /// that follows on the truth must not fall for it.
    pub(super) async fn resolved_with(
        &mut self,
        state: StateNum,
        named: &NamedMembers,
    ) -> Result<Option<StateNum>, RoomsError> {
        let rooms = self.rooms.clone();
        let mut others = Vec::new();
        for (user, (event, _)) in named {
            let known = rooms.state_num_at(&rooms.parts.store, state, MEMBER, user).await?;
            if known.is_some_and(|known| known != *event) {
                others.push((self.state_key_num(MEMBER, user).await?, Some(*event)));
            }
        }
        if others.is_empty() {
            return Ok(None);
        }
        others.sort_unstable();
        let told = self.extend_state(state, &others).await?;
        self.resolved(&[state, told]).await.map(Some)
    }
}

//! The judgements of a foreign event: by its references, by the state before it, by the current state.

use std::collections::HashMap;

use model::{EventNum, Pdu, StateNum};
use rules::auth::{Judged, Refusal};
use ruma::OwnedEventId;

use super::Draft;
use super::draft::EMPTY_STATE;
use super::partial::NamedMembers;
use crate::RoomsError;
use crate::resolution;

/// The first two judgements, and the state around the event.
pub(super) struct Judgement {
    pub refusal: Option<String>,
    pub state_before: StateNum,
    pub auth: Vec<EventNum>,
    /// States behind parents that are not known.
    pub given: Vec<StateNum>,
}

impl Draft {
    pub(super) async fn judge(
        &mut self,
        pdu: &Pdu,
        states: &[Vec<EventNum>],
    ) -> Result<Judgement, RoomsError> {
        let rooms = self.rooms.clone();
        let store = &rooms.parts.store;
        let prevs = self.known_parents(pdu.prev_events(), !states.is_empty()).await?;
        let auth = self.known_authority(pdu.auth_events()).await?;
        let mut given = Vec::with_capacity(states.len());
        for state in states {
            given.push(self.snapshot_of(state).await?);
        }
        let before = resolution::state_before(&rooms, store, self.room, &prevs, &given).await?;
        let base = before.base.unwrap_or(EMPTY_STATE);
        let mut state_before =
            if before.changes.is_empty() { base } else { self.extend_state(base, &before.changes).await? };
        let named = self.named_members(&auth).await?;
        let mut refusal = self.judge_references(pdu, &auth).await?;
        if refusal.is_none() {
            refusal = self.judge_by(pdu, Some(state_before), &named).await?;
            if refusal.is_some()
                && let Some(resolved) = self.resolved_with(state_before, &named).await?
                && self.judge_by(pdu, Some(resolved), &named).await?.is_none()
            {
                (refusal, state_before) = (None, resolved);
            }
        }
        if refusal.is_none() {
            state_before = self.with_sender(pdu, state_before, &named).await?;
        }
        Ok(Judgement { refusal: refusal.map(|refusal| refusal.to_string()), state_before, auth, given })
    }

    /// By what the event names as its authority: whether it names the right things, and whether these allow it.
    pub(super) async fn judge_references(
        &self,
        pdu: &Pdu,
        auth: &[EventNum],
    ) -> Result<Option<Refusal>, RoomsError> {
        let store = &self.rooms.parts.store;
        let mut authority: Vec<Judged> = Vec::with_capacity(auth.len());
        for event in auth {
            let meta = self.meta(*event).await?;
            authority.push(Judged::new(self.rooms.pdu(store, *event).await?, meta.rejected));
        }
        let create = self.state("m.room.create", "").await?.map(|(_, create)| create);
        if pdu.kind() == "m.room.create"
            && create.as_ref().is_some_and(|create| create.event_id() != pdu.event_id())
        {
            return Ok(Some(Refusal::second_create()));
        }
        Ok(rules::auth::check_alone(self.version(), pdu, create.as_ref(), &authority).err())
    }

    pub(super) async fn judge_by_current_state(&self, pdu: &Pdu) -> Result<Option<String>, RoomsError> {
        if self.is_partial {
            // Too little is known; when the state is whole the event is judged anew.
            return Ok(None);
        }
        let refusal = self.judge_by(pdu, None, &NamedMembers::new()).await?;
        Ok(refusal.map(|refusal| refusal.to_string()))
    }

    /// Judges by a snapshot, or by the current state. Memberships that it lacks are those that are `named`.
    pub(super) async fn judge_by(
        &self,
        pdu: &Pdu,
        snapshot: Option<StateNum>,
        named: &NamedMembers,
    ) -> Result<Option<Refusal>, RoomsError> {
        let store = &self.rooms.parts.store;
        let wanted = rules::auth::auth_types_for_event(
            self.version(),
            pdu.kind(),
            pdu.sender(),
            pdu.state_key(),
            pdu.content(),
        );
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err(refusal) => return Ok(Some(refusal)),
        };
        let mut state: HashMap<(String, String), Pdu> = HashMap::new();
        let create = ("m.room.create".to_owned(), String::new());
        for key in wanted.into_iter().map(|(kind, key)| (kind.to_string(), key)).chain([create]) {
            let found = match snapshot {
                Some(snapshot) => self.rooms.state_event_at(store, snapshot, &key.0, &key.1).await?,
                None => self.state(&key.0, &key.1).await?.map(|(_, pdu)| pdu),
            };
            let stand_in = || named.get(&key.1).filter(|_| key.0 == "m.room.member");
            let found = found.or_else(|| stand_in().map(|(_, pdu)| pdu.clone()));
            if let Some(found) = found {
                state.insert(key, found);
            }
        }
        let find = |kind: &str, key: &str| state.get(&(kind.to_owned(), key.to_owned())).cloned();
        Ok(rules::auth::check(self.version(), pdu, find).err())
    }

    /// Numbers of the parents whose past is known. Others are an error, unless their states were given.
    async fn known_parents(
        &self,
        event_ids: &[OwnedEventId],
        others_are_given: bool,
    ) -> Result<Vec<EventNum>, RoomsError> {
        let mut known = Vec::with_capacity(event_ids.len());
        for event_id in event_ids {
            // An event of another room answers exactly like an unknown one.
            match self.rooms.standing(self.room, event_id).await? {
                Some(standing) if !standing.outlier => known.push(standing.event),
                Some(_) | None if others_are_given => {}
                Some(_) | None => return Err(RoomsError::EventNotFound),
            }
        }
        Ok(known)
    }

    /// A state that another server told, without what is rejected here.
    pub(super) async fn snapshot_of(&mut self, state: &[EventNum]) -> Result<StateNum, RoomsError> {
        let rooms = self.rooms.clone();
        let store = &rooms.parts.store;
        rooms.warm(state).await?;
        let mut changes = Vec::with_capacity(state.len());
        for event in state {
            let meta = rooms.meta(store, *event).await?;
            let pdu = rooms.pdu(store, *event).await?;
            if let Some(state_key) = pdu.state_key()
                && !meta.rejected
                && meta.room == self.room
            {
                changes.push((self.state_key_num(pdu.kind(), state_key).await?, Some(*event)));
            }
        }
        self.extend_state(EMPTY_STATE, &changes).await
    }
}

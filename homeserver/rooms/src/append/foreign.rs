//! Events that another server built, and events on an older part of the graph.
//!
//! The caller has checked form, hashes and signatures and knows every referenced event. Here the
//! event is judged three times (its own references, the state before it, the current state), and
//! the current state is resolved anew over all forward extremities.

use std::collections::HashMap;

use model::{EventNum, Pdu, RoomNum, StateKeyNum, StateNum, StreamPos, TimelinePos};
use rules::auth::Judged;
use ruma::{EventId, OwnedEventId};
use store::{Scan, StoreError};

use super::draft::EMPTY_STATE;
use super::{Draft, Writer};
use crate::limits::{APPEND_ATTEMPTS_MAX, EXTREMITIES_MAX};
use crate::read::EventMeta;
use crate::resolution::{self, Unwritten};
use crate::tables::PENDING_REDACTION;
use crate::{Rooms, RoomsError};

/// An event whose form, hashes and signatures were checked.
#[derive(Clone, Debug)]
pub struct ForeignEvent {
    /// The event.
    pub pdu: Pdu,
}

/// What became of a foreign event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is in the timeline.
    Accepted {
        /// Its number.
        event: EventNum,
        /// Its place.
        position: StreamPos,
    },
    /// It was here before.
    Known,
    /// Allowed where it was sent, not by the current state: kept as an ancestor, never shown.
    SoftFailed,
    /// Not allowed where it was sent: kept so that what refers to it can be judged, never used.
    Rejected(String),
}

/// The first two judgements, and the state around the event.
struct Judgement {
    refusal: Option<String>,
    state_before: StateNum,
    auth: Vec<EventNum>,
}

impl Rooms {
    /// Takes in an event that this server did not build just now.
    ///
    /// # Errors
    /// [`RoomsError::EventNotFound`] when a referenced event is not known: fetch it first. The
    /// store's own. A refused event is no error but a [`Verdict`].
    pub async fn append_pdu(&self, room: RoomNum, foreign: ForeignEvent) -> Result<Verdict, RoomsError> {
        for _ in 0..APPEND_ATTEMPTS_MAX {
            let mut writer = self.locks.lock(room).await;
            let outcome = self.try_append_pdu(room, &mut writer, &foreign.pdu).await;
            if outcome.is_err() {
                *writer = Writer::default();
            }
            match outcome {
                Err(RoomsError::Store(StoreError::Conflict)) => {}
                outcome => return outcome,
            }
        }
        Err(RoomsError::Contended)
    }

    async fn try_append_pdu(
        &self,
        room: RoomNum,
        writer: &mut Writer,
        pdu: &Pdu,
    ) -> Result<Verdict, RoomsError> {
        if self.event_num(&self.parts.store, pdu.event_id()).await?.is_some() {
            return Ok(Verdict::Known);
        }
        let mut draft = Draft::open(self, room, writer).await?;
        if pdu.room_id() != draft.room_id() {
            return Err(RoomsError::BadJson("the event belongs to another room".to_owned()));
        }
        let judgement = draft.judge(pdu).await?;
        let event = self.parts.numbers.event_num().await?;
        let soft_failure = match &judgement.refusal {
            Some(_) => None,
            None => draft.judge_by_current_state(pdu).await?,
        };
        let meta = draft.foreign_meta(event, pdu, &judgement, soft_failure.is_some()).await?;
        if let Some(refusal) = judgement.refusal {
            draft.put_event(event, pdu, &meta);
            self.commit_draft(draft, writer).await?;
            return Ok(Verdict::Rejected(refusal));
        }
        if let Some(refusal) = soft_failure {
            draft.put_event(event, pdu, &meta);
            self.commit_draft(draft, writer).await?;
            tracing::info!(event_id = %pdu.event_id(), refusal, "soft-failed event");
            return Ok(Verdict::SoftFailed);
        }
        let position = draft.adopt(event, pdu, meta).await?;
        let commit = self.commit_draft(draft, writer).await?;
        Ok(Verdict::Accepted { event, position: commit.resolve(position) })
    }

    async fn commit_draft(&self, draft: Draft, writer: &mut Writer) -> Result<store::Commit, RoomsError> {
        let finished = draft.finish().await?;
        let commit = self.parts.store.commit(finished.batch).await?;
        writer.advance(finished.tip);
        Ok(commit)
    }
}

impl Draft {
    async fn judge(&mut self, pdu: &Pdu) -> Result<Judgement, RoomsError> {
        let rooms = self.rooms.clone();
        let store = &rooms.parts.store;
        let prevs = self.known(pdu.prev_events()).await?;
        let auth = self.known(pdu.auth_events()).await?;
        let mut judged: HashMap<OwnedEventId, Judged> = HashMap::new();
        for event in &auth {
            let meta = rooms.meta(store, *event).await?;
            let pdu = rooms.pdu(store, *event).await?;
            judged.insert(pdu.event_id().to_owned(), Judged::new(pdu, meta.rejected));
        }
        if let Some((_, create)) = self.state("m.room.create", "").await? {
            judged.entry(create.event_id().to_owned()).or_insert_with(|| Judged::accepted(create));
        }
        let before = resolution::state_before(&rooms, store, self.room, &prevs).await?;
        let base = before.base.unwrap_or(EMPTY_STATE);
        let state_before =
            if before.changes.is_empty() { base } else { self.extend_state(base, &before.changes).await? };
        let fetch = |event_id: &EventId| judged.get(event_id).cloned();
        let mut refusal = rules::auth::check_references(self.version(), pdu, fetch).err();
        if refusal.is_none() {
            refusal = self.judge_by(pdu, Some(state_before)).await?;
        }
        Ok(Judgement { refusal: refusal.map(|refusal| refusal.to_string()), state_before, auth })
    }

    async fn judge_by_current_state(&self, pdu: &Pdu) -> Result<Option<String>, RoomsError> {
        Ok(self.judge_by(pdu, None).await?.map(|refusal| refusal.to_string()))
    }

    /// Judges by a snapshot, or by the current state.
    async fn judge_by(
        &self,
        pdu: &Pdu,
        snapshot: Option<StateNum>,
    ) -> Result<Option<rules::auth::Refusal>, RoomsError> {
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
            if let Some(found) = found {
                state.insert(key, found);
            }
        }
        let find = |kind: &str, key: &str| state.get(&(kind.to_owned(), key.to_owned())).cloned();
        Ok(rules::auth::check(self.version(), pdu, find).err())
    }

    async fn known(&self, event_ids: &[OwnedEventId]) -> Result<Vec<EventNum>, RoomsError> {
        let store = &self.rooms.parts.store;
        let found = self.rooms.event_nums(store, event_ids).await?;
        let mut known = Vec::with_capacity(found.len());
        for event in found {
            let event = event.ok_or(RoomsError::EventNotFound)?;
            // An event of another room answers exactly like an unknown one.
            if self.rooms.meta(store, event).await?.room != self.room {
                return Err(RoomsError::EventNotFound);
            }
            known.push(event);
        }
        Ok(known)
    }

    async fn foreign_meta(
        &mut self,
        event: EventNum,
        pdu: &Pdu,
        judgement: &Judgement,
        soft_failed: bool,
    ) -> Result<EventMeta, RoomsError> {
        let rejected = judgement.refusal.is_some();
        let mut meta = EventMeta {
            room: self.room,
            position: None,
            state_before: judgement.state_before,
            state_after: judgement.state_before,
            depth: pdu.depth(),
            chain: 0,
            sequence: 0,
            rejected,
            soft_failed,
            redacted_by: None,
            origin_server_ts: pdu.origin_server_ts(),
            sender_txn: None,
            delay_id: None,
        };
        if let Some(state_key) = pdu.state_key() {
            (meta.chain, meta.sequence) = self.assign_chain(event, &judgement.auth).await?;
            if !rejected {
                let key = self.state_key_num(pdu.kind(), state_key).await?;
                meta.state_after = self.extend_state(judgement.state_before, &[(key, Some(event))]).await?;
            }
        }
        Ok(meta)
    }

    /// Puts an event that passed every judgement into the timeline, the extremities and the current
    /// state.
    async fn adopt(&mut self, event: EventNum, pdu: &Pdu, meta: EventMeta) -> Result<StreamPos, RoomsError> {
        self.tip.extremities.retain(|(_, event_id)| !pdu.prev_events().contains(event_id));
        let surplus = (self.tip.extremities.len() + 1).saturating_sub(EXTREMITIES_MAX);
        self.tip.extremities.drain(..surplus);
        let position = self.batch.position();
        let resolved = self.resolved_current_state(event, pdu, meta.state_after).await?;
        self.tip.extremities.push((event, pdu.event_id().to_owned()));
        self.tip.depth = self.tip.depth.max(pdu.depth());
        let meta = EventMeta { position: Some(TimelinePos::from(position)), ..meta };
        self.put_event(event, pdu, &meta);
        self.put_in_timeline(event, pdu, position);
        self.change_current_state((event, pdu), resolved, position).await?;
        if let Some(redacts) = pdu.redacts(self.version()).map(ToOwned::to_owned) {
            self.apply_redaction(event, pdu, &redacts).await?;
        }
        self.apply_pending_redaction(event, pdu, &meta).await?;
        Ok(position)
    }

    /// The state after all forward extremities: those of the draft, and the event that is not in it yet.
    async fn resolved_current_state(
        &mut self,
        event: EventNum,
        pdu: &Pdu,
        state_after: StateNum,
    ) -> Result<StateNum, RoomsError> {
        let rooms = self.rooms.clone();
        let store = &rooms.parts.store;
        let mut states = vec![state_after];
        for (extremity, _) in &self.tip.extremities {
            states.push(rooms.meta(store, *extremity).await?.state_after);
        }
        let events = [(event, Judged::accepted(pdu.clone()))];
        let unwritten = Unwritten { chains: self.chains(), events: &events };
        let resolved = resolution::resolve_states(&rooms, store, self.room, &states, unwritten).await?;
        let base = resolved.base.unwrap_or(EMPTY_STATE);
        if resolved.changes.is_empty() { Ok(base) } else { self.extend_state(base, &resolved.changes).await }
    }

    /// Writes the difference between the current state and `new`.
    async fn change_current_state(
        &mut self,
        just_pushed: (EventNum, &Pdu),
        new: StateNum,
        position: StreamPos,
    ) -> Result<(), RoomsError> {
        let rooms = self.rooms.clone();
        let store = &rooms.parts.store;
        let before = rooms.state_at(store, self.tip.state).await?;
        let after = rooms.state_at(store, new).await?;
        for (key, event) in difference(&before, &after) {
            let (kind, state_key) = &*self.state_key(key).await?;
            let entry = match event {
                Some(event) if event == just_pushed.0 => Some((event, just_pushed.1.clone())),
                Some(event) => Some((event, rooms.pdu(store, event).await?)),
                None => None,
            };
            self.set_state(key, kind, state_key, entry, position).await?;
        }
        self.tip.state = new;
        Ok(())
    }

    /// A redaction that came before the event it redacts.
    async fn apply_pending_redaction(
        &mut self,
        event: EventNum,
        pdu: &Pdu,
        meta: &EventMeta,
    ) -> Result<(), RoomsError> {
        let rooms = self.rooms.clone();
        let store = &rooms.parts.store;
        let waiting = Scan::prefix(&pdu.event_id().to_owned()).limit(crate::limits::PAGE_ROWS);
        for ((event_id, redaction), room) in store.scan(&PENDING_REDACTION, waiting).await? {
            let redaction_pdu = rooms.pdu(store, redaction).await?;
            if room == self.room && self.may_redact(&redaction_pdu, pdu).await? {
                self.redact_stored(redaction, event, pdu, meta)?;
                self.batch.delete(&PENDING_REDACTION, &(event_id, redaction));
                return Ok(());
            }
        }
        Ok(())
    }
}

/// What changes between two sorted states: the new event of each key, or none where it went.
fn difference(
    before: &[(StateKeyNum, EventNum)],
    after: &[(StateKeyNum, EventNum)],
) -> Vec<(StateKeyNum, Option<EventNum>)> {
    let (mut old, mut new) = (before.iter().peekable(), after.iter().peekable());
    let mut changes = Vec::new();
    loop {
        match (old.peek(), new.peek()) {
            (None, None) => return changes,
            (Some((key, _)), None) => {
                changes.push((*key, None));
                old.next();
            }
            (None, Some((key, event))) => {
                changes.push((*key, Some(*event)));
                new.next();
            }
            (Some((old_key, _)), Some((new_key, event))) if new_key < old_key => {
                changes.push((*new_key, Some(*event)));
                new.next();
            }
            (Some((old_key, _)), Some((new_key, _))) if old_key < new_key => {
                changes.push((*old_key, None));
                old.next();
            }
            (Some((_, old_event)), Some((key, event))) => {
                if old_event != event {
                    changes.push((*key, Some(*event)));
                }
                old.next();
                new.next();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_names_what_came_went_and_changed() {
        let state = |entries: &[(u64, u64)]| -> Vec<(StateKeyNum, EventNum)> {
            entries.iter().map(|(key, event)| (StateKeyNum::new(*key), EventNum::new(*event))).collect()
        };
        let before = state(&[(1, 10), (2, 20), (4, 40)]);
        let after = state(&[(1, 10), (2, 21), (3, 30)]);
        let expected = vec![
            (StateKeyNum::new(2), Some(EventNum::new(21))),
            (StateKeyNum::new(3), Some(EventNum::new(30))),
            (StateKeyNum::new(4), None),
        ];
        assert_eq!(difference(&before, &after), expected);
        assert_eq!(difference(&before, &before), []);
    }
}
